import type { Codec } from '@leveret/core';
import { bytesCases } from './cases/bytes.ts';
import { depthCases } from './cases/depth.ts';
import { hostileCases } from './cases/hostile.ts';
import { kindCases } from './cases/kinds.ts';
import { roundTripCases } from './cases/round-trip.ts';
import type { CodecCase } from './suite.ts';
import type { CodecSupport } from './values.ts';

export type { CodecCase } from './suite.ts';

/** What {@link codecConformance} may be told about a codec. */
export interface CodecConformanceOptions {
  /** Kinds beyond JSON that the codec carries; each gets a case of its own. @default none */
  readonly supports?: CodecSupport;
  /** Further values that the codec must carry both ways. @default none */
  readonly values?: readonly unknown[];
  /**
   * Dresses hostile bytes so that they reach the parser: `gzipSync` for a codec that unzips first.
   * The bytes are tried undressed too. @default none
   */
  readonly wrap?: (bytes: Uint8Array) => Uint8Array;
  /** Values that each property is tried with. @default 200 */
  readonly numRuns?: number;
  /** Levels that a decoded value may nest; code that recurses over it bears some thousand. @default 1000 */
  readonly maxDepth?: number;
  /** Milliseconds of processor time that one hostile body may take. @default 2000 */
  readonly maxMillis?: number;
  /** Bytes that the process may grow by over one hostile body. @default 268_435_456 (256 MiB) */
  readonly maxBytes?: number;
}

/**
 * The cases that a codec must pass to be used with Leveret, for any test runner: round trips, bytes that
 * stay apart from each other, hostile bodies bounded in time, memory and depth.
 *
 * @throws nothing itself; a case that fails rejects with an error that says what was expected.
 * @example
 * ```ts
 * import { it } from 'vitest'
 *
 * for (const { title, run } of codecConformance(jsonCodec())) it(title, run)
 * ```
 */
export function codecConformance(codec: Codec, options: CodecConformanceOptions = {}): CodecCase[] {
  const suite = {
    codec,
    supports: options.supports ?? {},
    values: options.values ?? [],
    wrap: options.wrap ?? ((bytes: Uint8Array) => bytes),
    numRuns: options.numRuns ?? 200,
    maxDepth: options.maxDepth ?? 1000,
    maxMillis: options.maxMillis ?? 2000,
    maxBytes: options.maxBytes ?? 256 * 1024 * 1024,
  };
  return [kindCases, roundTripCases, bytesCases, hostileCases, depthCases].flatMap((cases) =>
    cases(suite),
  );
}
