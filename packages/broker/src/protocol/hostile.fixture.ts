import fc from 'fast-check';
import { type Field, type Table, text } from '../base/field.ts';
import { bytes, fieldsFor, properties, table } from '../wire/arbitraries.fixture.ts';
import { encodeContentHeader } from '../wire/content.ts';
import { type MethodFields, type MethodName, methods } from '../wire/methods.ts';
import { protocolHeader } from '../wire/protocol-header.ts';
import { frame, greet, Requests } from './frames.fixture.ts';

const names = Object.keys(methods) as MethodName[];

const queues = ['q', 'dead', '', 'amq.rabbitmq.reply-to', 'k'.repeat(255)];
const exchanges = ['', 'x', 'amq.fanout', 'amq.topic', 'amq.headers'];

const argument: fc.Arbitrary<[string, Field]> = fc.constantFrom<[string, Field][]>(
  ['x-message-ttl', { type: 'I', value: 10 }],
  ['x-expires', { type: 'I', value: 50 }],
  ['x-max-length', { type: 'I', value: 2 }],
  ['x-overflow', text('reject-publish-dlx')],
  ['x-dead-letter-exchange', text('')],
  ['x-dead-letter-exchange', text('amq.fanout')],
  ['x-dead-letter-routing-key', text('dead')],
  ['x-max-priority', { type: 'I', value: 3 }],
  ['x-single-active-consumer', { type: 't', value: true }],
  ['x-queue-type', text('quorum')],
  ['x-delivery-limit', { type: 'I', value: 1 }],
  ['x-match', text('any')],
  ['alternate-exchange', text('x')],
);

const args: fc.Arbitrary<Table> = fc.oneof(
  fc.array(argument, { maxLength: 4 }).map((entries) => new Map(entries)),
  table,
);

const pools: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  queue: fc.constantFrom(...queues),
  exchange: fc.constantFrom(...exchanges),
  source: fc.constantFrom(...exchanges),
  destination: fc.constantFrom(...exchanges),
  routingKey: fc.constantFrom(...queues, '#'),
  type: fc.constantFrom('direct', 'fanout', 'topic', 'headers', 'odd'),
  consumerTag: fc.constantFrom('', 'tag'),
  deliveryTag: fc.nat(5),
  passive: fc.constant(false),
  prefetchSize: fc.constant(0),
  prefetchCount: fc.nat(2),
  arguments: args,
};

/** A method with names that may exist. */
function request(name: MethodName): fc.Arbitrary<Buffer> {
  const pooled = Object.entries(pools).filter(([field]) => field in methods[name].fields);
  return fc
    .tuple(fc.nat(3), fieldsFor(name), fc.record(Object.fromEntries(pooled)))
    .map(([channel, fields, likely]) =>
      new Requests()
        // The generators follow the same table as the type.
        .method(channel, name, { ...fields, ...likely } as Partial<MethodFields<MethodName>>)
        .take(),
    );
}

const publish: fc.Arbitrary<Buffer> = fc
  .record({
    channel: fc.integer({ min: 1, max: 3 }),
    exchange: fc.constantFrom(...exchanges),
    routingKey: fc.constantFrom(...queues),
    mandatory: fc.boolean(),
    properties: fc.oneof(fc.constant({}), fc.constant({ expiration: '5' }), properties),
    body: bytes(50),
  })
  .map(({ channel, ...message }) => new Requests().publish(channel, message).take());

/** Of a table that is an entry of another one: the length of its entries, then the name `a` and the type of the next. */
const LEVEL_SIZE = 7;

/** A `queue.declare` whose arguments are a table in a table in a table, so many levels deep. */
export function nestedTable(depth: number): Buffer {
  const table = Buffer.alloc(depth * LEVEL_SIZE + 4);
  for (let at = 0; at < depth * LEVEL_SIZE; at += LEVEL_SIZE) {
    table.writeUInt32BE(table.length - at - 4, at);
    table.write('\u0001aF', at + 4);
  }
  // The method, a reserved field, the name `q`, and no bits.
  const declare = Buffer.from([0, 50, 0, 10, 0, 0, 1, 0x71, 0]);
  return frame(1, 1, Buffer.concat([declare, table]));
}

const size = fc.constantFrom(0, 1, 4096, 131_072, 131_073, 2 ** 31, 2 ** 32 - 1);

/** A frame that only begins, and says how large it will be. */
const announced: fc.Arbitrary<Buffer> = fc
  .tuple(fc.nat(9), fc.nat(3), size)
  .map(([type, channel, length]) => {
    const header = Buffer.alloc(7);
    header.writeUInt8(type);
    header.writeUInt16BE(channel, 1);
    header.writeUInt32BE(length, 3);
    return header;
  });

const oddFrame: fc.Arbitrary<Buffer> = fc
  .tuple(fc.nat(9), fc.nat(3), bytes(30), fc.constantFrom(0xce, 0xce, 0xce, 0))
  .map(([type, channel, payload, end]) => frame(type, channel, payload, end));

const hugeBody: fc.Arbitrary<Buffer> = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((length) => {
  const header = Buffer.from(encodeContentHeader(0, {}));
  header.writeBigUInt64BE(length, 4);
  return Buffer.concat([
    new Requests().method(1, 'basic.publish', { routingKey: 'q' }).take(),
    frame(2, 1, header),
    frame(3, 1, Buffer.from('only so much')),
  ]);
});

const setUp: Buffer = new Requests()
  .method(1, 'channel.open')
  .method(1, 'queue.declare', { queue: 'q' })
  .method(1, 'queue.declare', { queue: 'dead' })
  .method(1, 'basic.consume', { queue: 'dead' })
  .take();

/** What may come on an open connection. */
const step: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...names).chain(request) },
  { weight: 6, arbitrary: publish },
  { weight: 2, arbitrary: fc.nat(3).map((ch) => new Requests().method(ch, 'channel.open').take()) },
  { weight: 1, arbitrary: announced },
  { weight: 1, arbitrary: oddFrame },
  { weight: 1, arbitrary: hugeBody },
  { weight: 1, arbitrary: fc.constantFrom(1, 100, 300).map(nestedTable) },
  { weight: 1, arbitrary: bytes(40) },
);

const session: fc.Arbitrary<Buffer> = fc
  .array(step, { maxLength: 30 })
  .map((steps) => Buffer.concat([greet(), setUp, ...steps]));

/** One byte of a session is another, or some are missing. */
const mutated: fc.Arbitrary<Buffer> = fc
  .tuple(session, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.nat(3))
  .map(([valid, at, mask, missing]) => {
    const place = at % valid.length;
    if (missing > 0) {
      return Buffer.concat([valid.subarray(0, place), valid.subarray(place + missing)]);
    }
    const copy = Buffer.from(valid);
    copy.writeUInt8(copy.readUInt8(place) ^ mask, place);
    return copy;
  });

const greetingless: fc.Arbitrary<Buffer> = fc.oneof(
  bytes(100),
  fc
    .array(fc.oneof(step, oddFrame), { maxLength: 5 })
    .map((steps) => Buffer.concat([protocolHeader, ...steps])),
);

/** What a client sends who is broken, or means ill, cut into the pieces that it comes in. */
export const assault: fc.Arbitrary<readonly Buffer[]> = fc
  .tuple(
    fc.oneof(
      { weight: 4, arbitrary: session },
      { weight: 4, arbitrary: mutated },
      { weight: 1, arbitrary: greetingless },
    ),
    fc.array(fc.integer({ min: 1, max: 500 }), { maxLength: 10 }),
  )
  .map(([all, cuts]) => {
    const pieces: Buffer[] = [];
    let at = 0;
    for (const cut of cuts) {
      pieces.push(all.subarray(at, at + cut));
      at += cut;
    }
    return [...pieces, all.subarray(at)].filter(({ length }) => length > 0);
  });
