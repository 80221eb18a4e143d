/** Counts timers that would keep a process alive. */
export interface Leftovers extends Disposable {
  /** Timers made since that have neither fired nor been cleared. */
  timers(): number;
}

/** Watches the global timers of this process until disposed. */
export function watchLeftovers(): Leftovers {
  const {
    setTimeout: once,
    setInterval: repeat,
    clearTimeout: stop,
    clearInterval: end,
  } = globalThis;
  const running = new Set<unknown>();
  const makeOnce = (fn: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
    const timer = once(() => {
      running.delete(timer);
      fn(...args);
    }, ms);
    running.add(timer);
    return timer;
  };
  const makeRepeat = (fn: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
    const timer = repeat(fn, ms, ...args);
    running.add(timer);
    return timer;
  };
  const forget = (timer: NodeJS.Timeout | undefined) => {
    running.delete(timer);
    stop(timer);
  };
  Reflect.set(globalThis, 'setTimeout', makeOnce);
  Reflect.set(globalThis, 'setInterval', makeRepeat);
  Reflect.set(globalThis, 'clearTimeout', forget);
  Reflect.set(globalThis, 'clearInterval', forget);
  return {
    timers: () => running.size,
    [Symbol.dispose]: () => {
      Reflect.set(globalThis, 'setTimeout', once);
      Reflect.set(globalThis, 'setInterval', repeat);
      Reflect.set(globalThis, 'clearTimeout', stop);
      Reflect.set(globalThis, 'clearInterval', end);
    },
  };
}
