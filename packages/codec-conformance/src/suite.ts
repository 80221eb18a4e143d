import type { Codec } from '@leveret/core';
import type { CodecSupport } from './values.ts';

/** One check: a title that states a behaviour, and what rejects where the codec lacks it. */
export interface CodecCase {
  /** What the codec is held to. */
  readonly title: string;
  /** Rejects with an `AssertionError`, or fast-check's error with the counterexample, where it fails. */
  run(): Promise<void>;
}

/** What the cases are made from: the codec and the options, with every default filled in. */
export interface Suite {
  readonly codec: Codec;
  readonly supports: CodecSupport;
  readonly values: readonly unknown[];
  readonly wrap: (bytes: Uint8Array) => Uint8Array;
  readonly numRuns: number;
  readonly maxDepth: number;
  readonly maxMillis: number;
  readonly maxBytes: number;
}
