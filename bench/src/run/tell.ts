import { stderr } from 'node:process';

/** Says what is measured just now, on one line of a terminal. */
export function tell(what: string): void {
  stderr.write(stderr.isTTY ? `\r\u001b[K${what}` : `${what}\n`);
}
