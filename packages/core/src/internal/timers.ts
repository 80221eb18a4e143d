import { Chain, type Link } from './chain.ts';
import type { Timer } from './clock.ts';

/** The longest delay that a Node timer takes; longer ones would fire at once. */
const LONGEST_DELAY = 2 ** 31 - 1;

/** The pending timers, by how long they run. */
const lists = new Map<number, TimerList>();

/**
 * Runs `fn` after `ms` milliseconds. Nearly all timers of a client are deadlines that run equally long and are taken back soon:
 * those share one timer of Node, which costs several times as much as an entry in a list.
 */
export function timerAfter(ms: number, fn: () => void): Timer {
  const delay = Math.ceil(Math.min(ms, LONGEST_DELAY)); // so that nearly equal ones share, too
  let list = lists.get(delay);
  if (!list) {
    list = new TimerList(delay);
    lists.set(delay, list);
  }
  return list.add(fn);
}

/** A pending timer in its list. */
class SharedTimer implements Timer {
  readonly fn: () => void;
  /** When it falls due. */
  readonly at: number;
  readonly #list: TimerList;
  readonly #place: Link<SharedTimer>;

  constructor(fn: () => void, at: number, list: TimerList) {
    this.fn = fn;
    this.at = at;
    this.#list = list;
    this.#place = list.timers.add(this);
  }

  cancel(): void {
    this.#list.remove(this.#place);
  }
}

/** The pending timers that run equally long, the oldest first. */
class TimerList {
  readonly timers = new Chain<SharedTimer>();
  readonly #delay: number;
  #handle: NodeJS.Timeout | undefined;

  constructor(delay: number) {
    this.#delay = delay;
  }

  add(fn: () => void): Timer {
    const timer = new SharedTimer(fn, performance.now() + this.#delay, this);
    this.#handle ??= this.#start(this.#delay);
    return timer;
  }

  remove(place: Link<SharedTimer>): void {
    if (!place.linked) return; // there may be another list by now
    this.timers.remove(place);
    if (this.timers.size > 0) return;
    clearTimeout(this.#handle);
    this.#handle = undefined;
    lists.delete(this.#delay);
  }

  #start(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#fire(), ms);
  }

  #fire(): void {
    // The handle stays meanwhile: what is added now falls due after what is here already.
    const now = performance.now();
    try {
      for (let due = this.timers.first; due && due.at <= now; due = this.timers.first) {
        due.cancel();
        due.fn();
      }
    } finally {
      const { first } = this.timers;
      // Node counts whole milliseconds, and may be early by one.
      this.#handle = first && this.#start(Math.ceil(first.at - performance.now()));
    }
  }
}
