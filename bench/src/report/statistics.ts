import { percentile } from '@leveret/testkit';

/** The median of some rounds, with their least and their most. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export function spreadOf(values: readonly number[]): Spread {
  return {
    median: percentile(values, 0.5),
    least: Math.min(...values),
    most: Math.max(...values),
  };
}

/** As a cell of a table: `100 (90–110)`. */
export function cell({ median, least, most }: Spread, digits: number): string {
  if (!Number.isFinite(median)) return '';
  const [middle, low, high] = [median, least, most].map((each) => each.toFixed(digits));
  return `${middle} (${low}–${high})`;
}
