import { gzipSync } from 'node:zlib';
import { codecConformance } from '@leveret/codec-conformance';
import { jsonCodec } from '@leveret/codec-json';
import { describe, it } from 'vitest';
import { gzipCodec } from './gzip-codec.ts';

const wrap = (bytes: Uint8Array): Uint8Array => gzipSync(bytes);

describe('gzipCodec(jsonCodec()) conforms: it', () => {
  for (const { title, run } of codecConformance(gzipCodec(jsonCodec()), { wrap })) it(title, run);
});

describe('gzipCodec(jsonCodec(), { asyncAbove: 0 }) conforms: it', () => {
  const codec = gzipCodec(jsonCodec(), { asyncAbove: 0, form: 'aio-pika' });
  for (const { title, run } of codecConformance(codec, { wrap, numRuns: 50 })) it(title, run);
});
