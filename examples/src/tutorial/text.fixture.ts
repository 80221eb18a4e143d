import { readdirSync, readFileSync } from 'node:fs';

const folder = new URL('../../../docs/tutorial/', import.meta.url);

/** A fenced block of a text. */
export interface Block {
  /** The first word after the fence. */
  readonly language: string;
  /** What follows it, such as `file=…`. */
  readonly info: string;
  /** What stands between the fences. */
  readonly content: string;
}

/** A command in a `console` block, and what it prints. */
export interface Command {
  readonly line: string;
  /** The lines that it prints by itself. */
  readonly printed: readonly string[];
  /** Those after Ctrl-C; `undefined` where it ends by itself. */
  readonly stopped: readonly string[] | undefined;
  /** Whether it shares its lines with those that have the same command line. */
  readonly isShared: boolean;
}

/** The numbered texts of the tutorial, by file name. */
export const texts: readonly string[] = readdirSync(folder).filter((name) =>
  /^\d.*\.md$/.test(name),
);

/** The fenced blocks of a text. */
export function blocksOf(text: string): readonly Block[] {
  const markdown = readFileSync(new URL(text, folder), 'utf8');
  const fenced = markdown.matchAll(/^```(\w+)([^\n]*)\n(.*?)^```$/gms);
  return Array.from(fenced, ([, language = '', info = '', content = '']) => ({
    language,
    info: info.trim(),
    content,
  }));
}

/** The commands of a text, from top to bottom. */
export function commandsOf(text: string): readonly Command[] {
  return blocksOf(text)
    .filter(({ language }) => language === 'console')
    .flatMap(({ info, content }) =>
      content
        .split(/^\$ /m)
        .slice(1)
        .map((command) => readCommand(command, info === 'shared')),
    );
}

function readCommand(command: string, isShared: boolean): Command {
  const [untilStop = '', afterStop] = command.split(/^\^C/m);
  const [line = '', ...printed] = linesOf(untilStop);
  return {
    line,
    printed,
    stopped: afterStop === undefined ? undefined : linesOf(afterStop),
    isShared,
  };
}

const linesOf = (text: string): string[] => text.split('\n').slice(0, -1);
