/** What a task carries. */
export interface Payload {
  readonly n: number;
  readonly pad: string;
}

/** Every so many tasks, one is larger than a frame. */
const LARGE_EVERY = 997;
const LARGE = 150_000;

/** How long the padding of a task is, so that its receiver can tell whether it is whole. */
function padLength(n: number): number {
  return n % LARGE_EVERY === LARGE_EVERY - 1 ? LARGE : n % 64;
}

/** The payload of a task. */
export function payload(n: number): Payload {
  return { n, pad: 'x'.repeat(padLength(n)) };
}

/** Whether a payload arrived as it was sent. */
export function isWhole({ n, pad }: Payload): boolean {
  return pad.length === padLength(n) && /^x*$/.test(pad);
}

/** What a call multiplies by. */
export const FACTOR = 7;
