import { styleText } from 'node:util';

const { NO_COLOR } = process.env;
const coloured = process.stdout.isTTY && !NO_COLOR;

/** The text in that style, where the terminal is to show one. */
export function style(format: Parameters<typeof styleText>[0], text: string): string {
  return coloured ? styleText(format, text) : text;
}
