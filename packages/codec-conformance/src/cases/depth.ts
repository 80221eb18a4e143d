import assert from 'node:assert/strict';
import { outcomeOf, probe } from '../probe.ts';
import type { CodecCase, Suite } from '../suite.ts';

const LEVELS = 100_000;

/** Deep and circular values, which end the stack of whoever recurses over them. */
export function depthCases(suite: Suite): CodecCase[] {
  return [
    {
      title: 'gives no value that nests too deep to recurse over',
      run: async () => {
        for (const bomb of bombs()) {
          await checkDepth(suite, bomb);
          await checkDepth(suite, suite.wrap(bomb));
        }
      },
    },
    {
      title: 'writes values nested 100 deep, and reads them back',
      run: () => checkCarried(suite, nested(100)),
    },
    {
      title: 'ends on a value nested 100000 deep in bytes or an Error',
      run: () => checkEnds(suite, nested(LEVELS)),
    },
    { title: 'refuses to write a circular value', run: () => checkCircular(suite) },
  ];
}

/** Bodies nested deep in JSON, MessagePack and CBOR: arrays and objects. */
function bombs(): Uint8Array[] {
  const text = (open: string, middle: string, close: string): Uint8Array =>
    Buffer.from(open.repeat(LEVELS) + middle + close.repeat(LEVELS));
  const binary = (open: number[], last: number): Uint8Array =>
    Uint8Array.from([...Array.from({ length: LEVELS }, () => open).flat(), last]);
  return [
    text('[', '', ']'),
    text('{"a":', '1', '}'),
    binary([0x91], 0xc0),
    binary([0x81, 0xa1, 0x61], 0xc0),
    binary([0x81], 0xf6),
    binary([0xa1, 0x61, 0x61], 0xf6),
  ];
}

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

async function checkDepth(suite: Suite, bomb: Uint8Array): Promise<void> {
  const outcome = await probe(suite, bomb);
  if ('error' in outcome) return;
  const depth = depthOf(outcome.value);
  assert.ok(depth <= suite.maxDepth, `a value came out that nests ${depth} levels deep`);
}

/** How deep a value nests along its first members, found without recursion. */
function depthOf(value: unknown): number {
  let depth = 0;
  let inner = value;
  while (typeof inner === 'object' && inner !== null) {
    depth++;
    inner = inner instanceof Map ? inner.values().next().value : Object.values(inner)[0];
  }
  return depth;
}

async function checkCarried({ codec }: Suite, value: unknown): Promise<void> {
  assert.deepStrictEqual(await codec.decode(await codec.encode(value)), value);
}

async function checkEnds({ codec }: Suite, value: unknown): Promise<void> {
  const outcome = await outcomeOf(() => codec.encode(value));
  if ('error' in outcome)
    assert.ok(outcome.error instanceof Error, 'a deep value ended in no Error');
  else assert.ok(outcome.value instanceof Uint8Array, 'a deep value ended in no bytes');
}

async function checkCircular({ codec }: Suite): Promise<void> {
  const loop: { self?: unknown } = {};
  loop.self = loop;
  const outcome = await outcomeOf(() => codec.encode(loop));
  assert.ok('error' in outcome, 'a circular value was written');
  assert.ok(outcome.error instanceof Error, 'a circular value ended in a throw of no Error');
}
