/** Whether `value` is an array, bytes, or an object that no class of its own made: what MessagePack has a form for. */
export function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return true;
  return Array.isArray(value) || value instanceof Uint8Array || isRootOfAnotherRealm(prototype);
}

/** Whether `value` is such as a literal makes, `{}` or `[]`: what most are, and the fastest to tell. */
export function isLiteral(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === Array.prototype;
}

/** Whether it is the `Object.prototype` of another realm, such as the sandbox of a test runner. */
function isRootOfAnotherRealm(prototype: unknown): boolean {
  if (typeof prototype !== 'object' || prototype === null) return false;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}
