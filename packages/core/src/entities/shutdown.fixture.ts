// Not a test of its own: shutdown.test.ts runs this module in processes that it sends signals.
import process from 'node:process';
import { systemClock } from '../internal/clock.ts';
import { shutdownOn } from './shutdown.ts';

/** Longer than a test may take, so that what ends a process is what the test says. */
const LONG = 120_000;

/** What a process writes once it waits for signals. */
export const READY = 'ready';

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Something that takes so long to close; `never` for what never closes. */
function slow(name: string, ms: number | 'never'): { close(): Promise<void> } {
  return {
    close: async () => {
      tell(`closing ${name}`);
      await new Promise<void>((resolve) => ms !== 'never' && systemClock.after(ms, resolve));
      tell(`closed ${name}`);
    },
  };
}

/** Waits for signals, as a service does, and does one of the things that the test wants to see. */
export async function main(what: string): Promise<void> {
  const keepsAlive = systemClock.after(LONG, () => {});
  const server = { close: () => keepsAlive.cancel() };
  const broken = {
    close: () => {
      throw new Error('broken');
    },
  };
  const last = slow('last', what === 'hangs' || what === 'times-out' ? 'never' : 1);
  const closables = [[slow('a', 30), slow('b', 1)], broken, last, server];
  const timeout = what === 'times-out' ? 50 : LONG;
  const shutdown = shutdownOn(['SIGTERM', 'SIGINT', 'SIGTERM'], closables, { timeout });
  shutdown.signal.addEventListener('abort', () => tell('begun'));
  shutdown.done.then(({ signal, errors }) => tell(`done ${signal} ${errors.length}`));
  if (what === 'cancelled') shutdown.cancel();
  tell(READY);
  if (what !== 'cancelled') await shutdown.done;
}
