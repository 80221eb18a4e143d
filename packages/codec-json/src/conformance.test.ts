import { codecConformance } from '@leveret/codec-conformance';
import { describe, it } from 'vitest';
import { jsonCodec } from './json-codec.ts';

describe('jsonCodec() conforms: it', () => {
  for (const { title, run } of codecConformance(jsonCodec())) it(title, run);
});
