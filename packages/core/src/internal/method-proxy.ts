/** The part of a dotted name before its first dot. */
export type FirstPart<Name extends string> = Name extends `${infer First}.${string}` ? First : Name;

/**
 * Functions by dotted name, as nested properties: `{ 'math.add': F }` becomes `{ math: { add: F } }`.
 */
export type MethodProxy<Functions> = {
  readonly [Part in FirstPart<keyof Functions & string>]: (Part extends keyof Functions
    ? Functions[Part]
    : unknown) &
    MethodProxy<{
      [Name in keyof Functions as Name extends `${Part}.${infer Rest}`
        ? Rest
        : never]: Functions[Name];
    }>;
};

/**
 * Names that the language and its tools read from any value they are handed: promises look for `then`,
 * `JSON.stringify` for `toJSON`, loggers and test runners for the rest. They answer `undefined`, so that
 * nobody invokes anything by looking. Names like these can still be called through the method that the
 * proxy stands in front of.
 */
const UNTOUCHED: ReadonlySet<string> = new Set([
  'then',
  'catch',
  'finally',
  'toJSON',
  'toString',
  'toLocaleString',
  'valueOf',
  'constructor',
  'prototype',
  '__proto__',
  'hasOwnProperty',
  'isPrototypeOf',
  'propertyIsEnumerable',
  'inspect',
  'nodeType',
  'tagName',
  'asymmetricMatch',
  '$$typeof',
  '@@__IMMUTABLE_ITERABLE__@@',
  '@@__IMMUTABLE_RECORD__@@',
]);

/**
 * An object whose properties, nested to any depth, are functions that call `invoke` with their dotted
 * name: `proxy.math.add(x)` calls `invoke('math.add', x)`. Reading, printing, awaiting or serialising it
 * calls nothing; it cannot be written to. Which names there are is for `P` to say: at run time there are all.
 */
export function methodProxy<P extends object, A extends readonly unknown[], R>(
  invoke: (name: string, ...args: A) => R,
): P {
  // The one assertion of its kind: no type can follow a name through a Proxy.
  return node(Object.freeze(Object.create(null)), '', invoke) as P;
}

function node<A extends readonly unknown[], R>(
  target: object,
  prefix: string,
  invoke: (name: string, ...args: A) => R,
): object {
  const children = new Map<string, object>();
  return new Proxy(target, {
    get(_target, key) {
      if (typeof key !== 'string' || UNTOUCHED.has(key)) return undefined;
      const known = children.get(key);
      if (known) return known;
      const name = `${prefix}${key}`;
      const child = node((...args: A) => invoke(name, ...args), `${name}.`, invoke);
      children.set(key, child);
      return child;
    },
    has: () => false,
    ownKeys: () => [],
    set: () => false,
    defineProperty: () => false,
    deleteProperty: () => false,
    preventExtensions: () => false,
    getOwnPropertyDescriptor: () => undefined,
    getPrototypeOf: () => null,
    setPrototypeOf: () => false,
  });
}
