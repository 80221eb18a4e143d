/** What happens to publisher confirms. */
export type ConfirmFault =
  | { readonly kind: 'none' }
  /** Messages are stored; their confirms come so many milliseconds later. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Messages are stored; their confirms never come. */
  | { readonly kind: 'drop' }
  /** Messages are not stored, and answered with `basic.nack`. */
  | { readonly kind: 'nack' };

/** The faults that are on at the moment, shared by all connections of a broker. */
export interface FaultPlan {
  confirms: ConfirmFault;
}
