import { deadline } from './deadline.ts';

const DEFAULT_DEADLINE_MS = 5_000;

/** A queue between what happens and the test that waits for it. */
export interface Inbox<T> {
  /** Adds an item. A plain function, so that it can be handed over as a callback or event listener. */
  readonly push: (item: T) => void;
  /**
   * Takes the oldest item, waiting for one if need be, 5 s at most unless `ms` says otherwise.
   *
   * @throws TestkitError when nothing comes in time.
   */
  next(ms?: number): Promise<T>;
  /**
   * Takes the next `count` items. The deadline is for all of them together.
   *
   * @throws TestkitError when they do not come in time.
   */
  take(count: number, ms?: number): Promise<readonly T[]>;
  /** Takes all items that are there. */
  drain(): readonly T[];
  /** How many items wait to be taken. */
  readonly size: number;
}

/**
 * Creates an empty inbox. `label` names it in the error of a deadline.
 *
 * @example
 * const inbox = createInbox<Message>('a message');
 * await consume(queue, inbox.push);
 * expect((await inbox.next()).body).toBe('hello');
 */
export function createInbox<T>(label = 'the next item of the inbox'): Inbox<T> {
  const items: { readonly value: T }[] = [];
  const takers = new Set<(item: T) => void>();
  const next = async (ms: number): Promise<T> => {
    const ready = items.shift();
    if (ready) return ready.value;
    let taker = (_item: T): void => {};
    const taken = new Promise<T>((resolve) => {
      taker = resolve;
    });
    takers.add(taker);
    return deadline(taken, ms, label).finally(() => takers.delete(taker));
  };
  return {
    push: (item) => {
      const [taker] = takers;
      if (taker === undefined) {
        items.push({ value: item });
        return;
      }
      takers.delete(taker);
      taker(item);
    },
    next: (ms = DEFAULT_DEADLINE_MS) => next(ms),
    take: (count, ms = DEFAULT_DEADLINE_MS) =>
      Promise.all(Array.from({ length: count }, () => next(ms))),
    drain: () => items.splice(0).map(({ value }) => value),
    get size() {
      return items.length;
    },
  };
}
