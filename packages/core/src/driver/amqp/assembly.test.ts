import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import type { WireDelivery } from '../../message/message.ts';
import { Assembly, type MessageSink } from './assembly.ts';
import type { ContentHeader } from './content-header.ts';
import type { Announcement } from './methods.ts';
import { LARGEST_BODY, METHOD } from './protocol.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const method: Announcement = {
  id: METHOD.basicDeliver,
  consumerTag: 'c',
  deliveryTag: 1,
  redelivered: false,
  exchange: '',
  routingKey: 'key',
};

function headerOf(bodySize: number): ContentHeader {
  const nothing = { contentType: undefined, contentEncoding: undefined, headers: undefined };
  const more = { deliveryMode: 1, priority: undefined, correlationId: undefined };
  const rest = { replyTo: undefined, expiration: undefined, messageId: undefined };
  const last = { timestamp: undefined, type: undefined, userId: undefined, appId: undefined };
  return { bodySize, properties: { ...nothing, ...more, ...rest, ...last } };
}

function collecting(): { readonly sink: MessageSink; readonly messages: WireDelivery[] } {
  const messages: WireDelivery[] = [];
  const delivered = (message: WireDelivery): void => void messages.push(message);
  return { sink: { delivered, fetched: delivered, returned: () => {} }, messages };
}

test('a body arrives whole however it is split', () => {
  const whole = Buffer.alloc(300_000, 'abcdefghijk');
  for (const size of [1, 7, 1000, 5000, 131_064, 299_999, 300_000]) {
    const { sink, messages } = collecting();
    const assembly = new Assembly(sink);
    assembly.method(method);
    assembly.header(headerOf(whole.length));
    const idleAt: number[] = [];
    for (let at = 0; at < whole.length; at += size) {
      if (!assembly.busy) idleAt.push(at);
      assembly.body(Buffer.from(whole.subarray(at, at + size)));
      if (size < 1000 && at % 1000 === 0) assembly.body(Buffer.alloc(0));
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
  const assembly = new Assembly(collecting().sink);
  assembly.method(method);
  assembly.header(headerOf(LARGEST_BODY));
  const feed = (count: number): void => {
    for (let fed = 0; fed < count; fed++) assembly.body(Buffer.from('x'.repeat(size)));
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
