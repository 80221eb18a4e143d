import { Duplex } from 'node:stream';
import { promiseHooks } from 'node:v8';
import type { Counts } from './budget.ts';

/** Bytes around the payload of a frame (AMQP 0-9-1 specification, section 4.2.3). */
const AROUND_PAYLOAD = 8;

/** Counts what the process does, from when it is made: before the connections are, whose libraries keep functions for themselves. */
export class Counters {
  #writes = 0;
  #frames = 0;
  #promises = 0;
  #microtasks = 0;
  #timers = 0;

  constructor() {
    const counters = this;
    replace(Duplex.prototype, 'write', (write) => {
      return function (this: unknown, ...args: unknown[]): unknown {
        counters.#writes++;
        counters.#frames += framesIn(args[0]);
        return Reflect.apply(write, this, args);
      };
    });
    for (const name of ['setTimeout', 'setImmediate'] as const)
      replace(globalThis, name, (start) => (...args: unknown[]): unknown => {
        counters.#timers++;
        return Reflect.apply(start, globalThis, args);
      });
    promiseHooks.createHook({
      init: () => {
        counters.#promises++;
      },
      before: () => {
        counters.#microtasks++;
      },
    });
  }

  /** What was counted so far, but for memory. */
  read(): Omit<Counts, 'kilobytes'> {
    return {
      writes: this.#writes,
      frames: this.#frames,
      promises: this.#promises,
      microtasks: this.#microtasks,
      timers: this.#timers,
    };
  }
}

type AnyFunction = (...args: unknown[]) => unknown;

function isFunction(value: unknown): value is AnyFunction {
  return typeof value === 'function';
}

/** Puts a function around one of an object. */
function replace(
  target: object,
  name: string,
  around: (original: AnyFunction) => AnyFunction,
): void {
  const original: unknown = Reflect.get(target, name);
  if (!isFunction(original)) throw new Error(`${name} is no function`);
  Reflect.set(target, name, around(original));
}

/** Whole frames in what is written; a large body goes out apart from its frame, and counts as none. */
function framesIn(written: unknown): number {
  if (!Buffer.isBuffer(written)) return 0;
  let frames = 0;
  for (let at = 0; at + AROUND_PAYLOAD <= written.length; frames++)
    at += written.readUInt32BE(at + 3) + AROUND_PAYLOAD;
  return frames;
}
