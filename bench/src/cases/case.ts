import type { Load } from './load.ts';

/** Something that peers are measured in. */
export interface Case {
  readonly name: string;
  /** What an operation is. */
  readonly title: string;
  /** Operations that count, such that a run takes one or two seconds. */
  readonly operations: number;
  readonly load: Load;
}

/** Operations before those that count. */
export function warmUpOf(operations: number): number {
  return Math.ceil(operations / 5);
}
