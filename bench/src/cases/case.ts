import type { Load } from './load.ts';

/** Something that peers are measured in. */
export interface Case {
  readonly name: string;
  /** What an operation is. */
  readonly title: string;
  /** Operations that count, such that a run takes one or two seconds. */
  readonly operations: number;
  /** Operations before those that count, as a share of them; a fifth. */
  readonly warmUp?: number;
  readonly load: Load;
}

/** The `warmUp` of cases with few operations a second: until then Node is busy compiling what is called most. */
export const LONG = 1;

/** Operations before so many that count. */
export function warmUpOf({ warmUp = 0.2 }: Case, operations: number): number {
  return Math.ceil(operations * warmUp);
}
