import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { type Assembled, Assembly } from './assembly.ts';
import type { HeaderFrame, MethodFrame } from './internals.ts';
import { FRAME, LARGEST_BODY, METHOD } from './protocol.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const method: MethodFrame = {
  type: FRAME.method,
  channelId: 1,
  methodId: METHOD.basicDeliver,
  params: { consumerTag: 'c', deliveryTag: 1 },
};

function headerOf(bodySize: number): HeaderFrame {
  const nothing = { contentType: undefined, contentEncoding: undefined, headers: undefined };
  const more = { deliveryMode: 1, priority: undefined, correlationId: undefined } as const;
  const rest = { replyTo: undefined, expiration: undefined, messageId: undefined };
  const last = { timestamp: undefined, type: undefined, userId: undefined, appId: undefined };
  const fields = { ...nothing, ...more, ...rest, ...last };
  return { type: FRAME.header, channelId: 1, bodySize, fields };
}

const piece = (payload: Buffer) => ({ type: FRAME.body, channelId: 1, payload }) as const;

test('a body arrives whole however it is split', () => {
  const whole = Buffer.alloc(300_000, 'abcdefghijk');
  for (const size of [1, 7, 1000, 5000, 131_064, 299_999, 300_000]) {
    const messages: Assembled[] = [];
    const assembly = new Assembly((_, message) => messages.push(message));
    assembly.method(method);
    assembly.header(headerOf(whole.length));
    const idleAt: number[] = [];
    for (let at = 0; at < whole.length; at += size) {
      if (!assembly.busy) idleAt.push(at);
      assembly.body(piece(Buffer.from(whole.subarray(at, at + size))));
      if (size < 1000 && at % 1000 === 0) assembly.body(piece(Buffer.alloc(0)));
    }
    expect(idleAt).toEqual([]);
    expect(assembly.busy).toBe(false);
    expect(messages.map(({ body }) => Buffer.compare(Buffer.from(body), whole))).toEqual([0]);
  }
});

test.for([
  ['of single bytes', 1],
  ['of nothing at all', 0],
] as const)('a body in pieces %s takes no more memory than its bytes', ([, size]) => {
  const assembly = new Assembly(() => {});
  assembly.method(method);
  assembly.header(headerOf(LARGEST_BODY));
  const feed = (count: number): void => {
    for (let fed = 0; fed < count; fed++) assembly.body(piece(Buffer.from('x'.repeat(size))));
  };
  feed(20_000);
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  feed(200_000);
  collectGarbage();
  // Kept one by one they would take more than 16 MB.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(2_000_000);
  expect(assembly.busy).toBe(true);
});
