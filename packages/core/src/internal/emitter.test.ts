import { afterEach, describe, expect, it, vi } from 'vitest';
import { Listeners } from './emitter.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('Listeners', () => {
  it('tells every listener, in the order in which they came, each once', () => {
    const listeners = new Listeners<number>();
    const heard: string[] = [];
    const a = (n: number): unknown => heard.push(`a${n}`);
    listeners.add(a);
    listeners.add((n) => heard.push(`b${n}`));
    listeners.add(a);
    listeners.emit(1);
    expect(heard).toEqual(['a1', 'b1']);
  });

  it('takes a listener off again, and says whether anybody is left', () => {
    const listeners = new Listeners<number>();
    const heard: number[] = [];
    expect(listeners.any).toBe(false);
    const off = listeners.add((n) => heard.push(n));
    expect(listeners.any).toBe(true);
    listeners.emit(1);
    off();
    off();
    listeners.emit(2);
    expect(listeners.any).toBe(false);
    listeners.add((n) => heard.push(n * 10));
    listeners.clear();
    listeners.emit(3);
    expect(heard).toEqual([1]);
  });

  it('does not disturb the others or the caller with one that throws; its error surfaces by itself', () => {
    const surfacing: (() => void)[] = [];
    vi.stubGlobal('queueMicrotask', (fn: () => void) => surfacing.push(fn));
    const listeners = new Listeners<string>();
    const heard: string[] = [];
    const boom = new Error('boom');
    listeners.add(() => {
      throw boom;
    });
    listeners.add((record) => heard.push(record));
    listeners.emit('x');
    expect(heard).toEqual(['x']);
    expect(surfacing).toHaveLength(1);
    expect(() => surfacing[0]?.()).toThrow(boom);
  });

  it('lets a listener take itself off while it is told', () => {
    const listeners = new Listeners<number>();
    const heard: string[] = [];
    const off = listeners.add(() => {
      off();
      heard.push('once');
    });
    listeners.add(() => heard.push('always'));
    listeners.emit(1);
    listeners.emit(2);
    expect(heard).toEqual(['once', 'always', 'always']);
  });

  it('does not tell a record to those who come while it is told', () => {
    const listeners = new Listeners<number>();
    let told = 0;
    const again = (): void => {
      if (++told < 100) listeners.add(() => again());
    };
    listeners.add(again);
    listeners.emit(1);
    expect(told).toBe(1);
  });

  it.each([undefined, null, 'name', {}])('refuses %j for a listener', (listener) => {
    const listeners = new Listeners<number>();
    const add = (): unknown => Reflect.apply(listeners.add, listeners, [listener]);
    expect(add).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(listeners.any).toBe(false);
  });
});
