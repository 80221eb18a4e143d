import type { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { DelayLine, type Ending } from './delay-line.ts';
import type { Shaping } from './shaping.ts';

/** Where a flow delivers. */
export interface FlowExit {
  /** Takes one piece; resolves when the receiver has room for more. */
  deliver(piece: Buffer): Promise<void>;
  /** The sender has ended. */
  finish(ending: Ending): void;
}

/** Reads all that the sender sends, also after the line is closed: unread bytes would turn a FIN into a reset. */
async function fill(source: Socket, line: DelayLine, shaping: Shaping): Promise<void> {
  const due = (): number => performance.now() + shaping.delayMs;
  let ending: Ending = 'fin';
  try {
    for await (const bytes of source.iterator({ destroyOnReturn: false })) {
      await line.push({ kind: 'bytes', due: due(), bytes });
    }
  } catch {
    ending = 'reset';
  }
  await line.push({ kind: 'end', due: due(), ending });
}

/** Delivers what is on the line, shaped. Ends with the sender or when `signal` aborts. */
async function drain(
  line: DelayLine,
  shaping: Shaping,
  exit: FlowExit,
  signal: AbortSignal,
): Promise<void> {
  for (let parcel = await line.next(); parcel !== undefined; parcel = await line.next()) {
    const early = parcel.due - performance.now();
    if (early > 0) await wait(early, undefined, { signal });
    if (parcel.kind === 'end') {
      await shaping.passage();
      if (!signal.aborted) exit.finish(parcel.ending);
      return;
    }
    let rest = parcel.bytes;
    while (rest.length > 0) {
      await shaping.passage();
      if (signal.aborted) return;
      const size = shaping.pieceSize(rest.length);
      await exit.deliver(rest.subarray(0, size));
      rest = rest.subarray(size);
      await shaping.pace(size, signal);
    }
  }
}

/** Moves the bytes of one direction until the sender ends; after an abort it only swallows them. */
export function startFlow(
  source: Socket,
  shaping: Shaping,
  exit: FlowExit,
  signal: AbortSignal,
): void {
  const line = new DelayLine();
  signal.addEventListener('abort', () => line.close(), { once: true });
  void fill(source, line, shaping);
  // An aborted wait is the only way to fail.
  drain(line, shaping, exit, signal).catch(() => {});
}
