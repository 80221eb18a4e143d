import { percentile } from '@leveret/testkit';

/** The median, and the least and the most: two cells of a table. */
export function spread(values: readonly number[], digits = 0): string {
  const ends = [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(digits));
  return `${percentile(values, 0.5).toFixed(digits)} | ${ends.join('–')}`;
}

/** Runs each case once to warm up, then `rounds` times in turn, and gives what each measured. */
export async function inTurn<Case, Result>(
  cases: readonly Case[],
  rounds: number,
  run: (each: Case) => Promise<Result>,
): Promise<ReadonlyMap<Case, readonly Result[]>> {
  const results = new Map<Case, Result[]>(cases.map((each) => [each, []]));
  for (const each of cases) await run(each);
  for (let round = 0; round < rounds; round++)
    for (const [each, measured] of results) measured.push(await run(each));
  return results;
}
