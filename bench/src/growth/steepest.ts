/** The step over which a cost grew most. */
export interface Steepest {
  /** The cost grew as x to this power: 0 is not at all, 1 in proportion, more than 1 is worse than that. */
  readonly power: number;
  readonly from: number;
  readonly to: number;
}

/** Finds the steepest step of a cost that depends on x, which grows. */
export function steepest(
  points: readonly (readonly [x: number, cost: number])[],
): Steepest | undefined {
  let found: Steepest | undefined;
  for (const [index, [to, cost]] of points.entries()) {
    const before = points[index - 1];
    if (!before) continue;
    const [from, costBefore] = before;
    const power = Math.log(cost / costBefore) / Math.log(to / from);
    if (Number.isFinite(power) && power > (found?.power ?? -Infinity)) found = { power, from, to };
  }
  return found;
}
