import { inspect, types } from 'node:util';
import { describe, expect, it } from 'vitest';
import { methodProxy } from './method-proxy.ts';

interface Methods {
  add(a: number, b: number): string;
  readonly math: {
    add(a: number, b: number): string;
    readonly deep: { negate(a: number): string };
  };
}

function setUp() {
  const calls: string[] = [];
  const proxy = methodProxy<Methods, unknown[], string>((name, ...args) => {
    const call = `${name}(${args.join(', ')})`;
    calls.push(call);
    return call;
  });
  return { proxy, calls };
}

/** What the language and its tools do to any value that they meet. */
const looks: [what: string, look: (value: object) => unknown][] = [
  ['await', async (value) => expect(await value).toBe(value)],
  ['Promise.resolve', async (value) => expect(await Promise.resolve(value)).toBe(value)],
  ['Promise.all', async (value) => expect(await Promise.all([value])).toEqual([value])],
  ['util.inspect', (value) => inspect(value, { depth: 5, showHidden: true, getters: true })],
  ['util.inspect with showProxy', (value) => inspect(value, { showProxy: true })],
  ['JSON.stringify', (value) => JSON.stringify({ value })],
  ['Object.keys', (value) => expect(Object.keys(value)).toEqual([])],
  ['Reflect.ownKeys', (value) => expect(Reflect.ownKeys(value)).toEqual([])],
  ['Object.entries', (value) => expect(Object.entries(value)).toEqual([])],
  ['in', (value) => expect('anything' in value).toBe(false)],
  ['spread', (value) => expect({ ...value }).toEqual({})],
  ['Object.assign', (value) => expect(Object.assign({}, value)).toEqual({})],
  [
    'for in',
    (value) => {
      for (const key in value) throw new Error(key);
    },
  ],
  ['toEqual', (value) => expect(value).toEqual(value)],
  [
    'toStrictEqual with something else',
    (value) => expect({ a: value }).not.toStrictEqual({ a: 1 }),
  ],
  ['instanceof', (value) => expect(value instanceof Promise).toBe(false)],
  ['Object.prototype.toString', (value) => Object.prototype.toString.call(value)],
  ['Array.isArray', (value) => expect(Array.isArray(value)).toBe(false)],
  ['util.types', (value) => expect(types.isProxy(value)).toBe(true)],
  ['String', (value) => expect(() => String(value)).toThrow(TypeError)],
  ['a template', (value) => expect(() => `${value}`).toThrow(TypeError)],
  ['a number', (value) => expect(() => Number(value)).toThrow(TypeError)],
  [
    'structuredClone',
    (value) =>
      expect(() => structuredClone(value)).toThrow(
        expect.objectContaining({ name: 'DataCloneError' }),
      ),
  ],
];

describe('methodProxy', () => {
  it('calls by the name of the property, dotted where it is nested, with the arguments', () => {
    const { proxy, calls } = setUp();
    expect(proxy.add(1, 2)).toBe('add(1, 2)');
    expect(proxy.math.add(3, 4)).toBe('math.add(3, 4)');
    expect(proxy.math.deep.negate(5)).toBe('math.deep.negate(5)');
    expect(calls).toEqual(['add(1, 2)', 'math.add(3, 4)', 'math.deep.negate(5)']);
  });

  it('gives methods that can be handed around', () => {
    const { proxy } = setUp();
    const { add } = proxy.math;
    expect(add(1, 2)).toBe('math.add(1, 2)');
  });

  it('gives the same object for the same name each time', () => {
    const { proxy } = setUp();
    expect(proxy.math).toBe(proxy.math);
    expect(proxy.math.add).toBe(proxy.math.add);
    expect(proxy.math.add).not.toBe(proxy.add);
  });

  it.each(looks)('is not disturbed by %s, and calls nothing', async (_what, look) => {
    const { proxy, calls } = setUp();
    await look(proxy);
    await look(proxy.math);
    await look(proxy.math.add);
    expect(calls).toEqual([]);
  });

  it.each([
    'then',
    'catch',
    'finally',
    'toJSON',
    'toString',
    'valueOf',
    'constructor',
    'prototype',
    '__proto__',
    'hasOwnProperty',
    'inspect',
    'nodeType',
    'asymmetricMatch',
    '$$typeof',
    Symbol.toPrimitive,
    Symbol.iterator,
    Symbol.asyncIterator,
    Symbol.toStringTag,
    Symbol.asyncDispose,
    Symbol.for('nodejs.util.inspect.custom'),
    Symbol('any'),
  ])('answers undefined for %s, at every level', (key) => {
    const { proxy } = setUp();
    for (const value of [proxy, proxy.math, proxy.math.add])
      expect(Reflect.get(value, key)).toBeUndefined();
  });

  it('cannot be written to, frozen or given another prototype, and works on after the attempt', () => {
    const { proxy, calls } = setUp();
    for (const value of [proxy, proxy.math]) {
      expect(Reflect.set(value, 'add', 1)).toBe(false);
      expect(Reflect.defineProperty(value, 'add', { value: 1 })).toBe(false);
      expect(Reflect.deleteProperty(value, 'add')).toBe(false);
      expect(Reflect.setPrototypeOf(value, Array.prototype)).toBe(false);
      expect(() => Object.assign(value, { add: 1 })).toThrow(TypeError);
    }
    expect(() => Object.freeze(proxy.math)).toThrow(TypeError);
    expect(Object.keys(proxy.math)).toEqual([]);
    expect(Object.getPrototypeOf(proxy.math)).toBeNull();
    expect(calls).toEqual([]);
    expect(proxy.math.add(1, 2)).toBe('math.add(1, 2)');
  });

  it('throws on what the call throws', () => {
    const boom = new Error('boom');
    const proxy = methodProxy<Methods, unknown[], never>(() => {
      throw boom;
    });
    expect(() => proxy.math.add(1, 2)).toThrow(boom);
  });
});
