/** What a peer was chosen for. */
export function need<T>(ability: T | undefined, name: string): T {
  if (ability === undefined) throw new Error(`this peer has no ${name}`);
  return ability;
}
