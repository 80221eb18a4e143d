import type { Clock } from '../base/clock.ts';

/** Who is told of signals: the process, as far as it is needed here. */
export interface SignalSource {
  on(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
}

/** What a process that a signal ended exits with: 128 and the number of the signal. */
const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * How long further signals count as the first one, in milliseconds. Under `npx` one Ctrl-C arrives twice: from the
 * terminal and passed on by npm.
 */
const ECHO_MS = 200;

/**
 * Resolves at the first SIGINT or SIGTERM. Another one ends the process at once.
 *
 * @param exit ends the process with this exit code
 */
export function untilStopped(
  source: SignalSource,
  clock: Clock,
  exit: (code: number) => void,
): Promise<void> {
  return new Promise((resolve) => {
    let first: number | undefined;
    const told = (code: number): void => {
      if (first === undefined) {
        first = clock.now();
        resolve();
      } else if (clock.now() - first >= ECHO_MS) {
        exit(code);
      }
    };
    source.on('SIGINT', () => told(exitCodes.SIGINT));
    source.on('SIGTERM', () => told(exitCodes.SIGTERM));
  });
}
