/**
 * Whether a value is a promise of any library or realm. `instanceof Promise` knows only its own; to await whatever is none
 * would cost more than most handlers do.
 */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    'then' in value &&
    typeof value.then === 'function'
  );
}
