import { codecConformance } from '@leveret/codec-conformance';
import { describe, it } from 'vitest';
import { msgpackCodec } from './msgpack-codec.ts';

const supports = { date: true, bytes: true, nonFinite: true };

describe('msgpackCodec() conforms: it', () => {
  for (const { title, run } of codecConformance(msgpackCodec(), { supports })) it(title, run);
});

describe('msgpackCodec({ useBigInt64: true }) conforms: it', () => {
  const options = { supports: { ...supports, bigint: true } };
  const codec = msgpackCodec({ useBigInt64: true });
  for (const { title, run } of codecConformance(codec, options)) it(title, run);
});
