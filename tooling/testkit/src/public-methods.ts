/** The methods of a prototype, or the static ones of a class, without those that only go by a symbol. */
export function publicMethods(target: object): string[] {
  return Object.entries(Object.getOwnPropertyDescriptors(target))
    .filter(([key, { value }]) => key !== 'constructor' && typeof value === 'function')
    .map(([key]) => key);
}
