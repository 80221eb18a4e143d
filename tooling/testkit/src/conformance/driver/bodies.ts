import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { collect, outgoing, soon, tempQueue } from './bench.ts';
import type { Outgoing, Properties } from './port.ts';
import type { DriverCase, Suite } from './suite.ts';

const CONTENT_TYPES = ['application/json', 'text/plain', 'application/octet-stream', undefined];
const ENCODINGS = [undefined, 'utf-8', 'gzip'];
const BODIES = {
  'an integer above 2^53': Buffer.from('{"id": 9007199254740993}'),
  'bytes that are no UTF-8': Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28]),
  'half a JSON text': Buffer.from('{"id": '),
  'a byte order mark': Buffer.from([0xef, 0xbb, 0xbf, 0x31]),
  nothing: Buffer.alloc(0),
};

/** Bodies and properties: what arrives is what was sent. */
export function bodyCases(suite: Suite): DriverCase[] {
  return [
    ...CONTENT_TYPES.flatMap((contentType) =>
      ENCODINGS.map((contentEncoding) => rawBodies(suite, contentType, contentEncoding)),
    ),
    {
      title: 'bodies of every size around the edges of a frame arrive whole',
      run: () => sizesArrive(suite),
    },
    {
      title: 'a body that is a view into a larger buffer arrives without its neighbours',
      run: async () => {
        const whole = Uint8Array.from({ length: 64 }, (_, index) => index);
        const body = whole.subarray(7, 19);
        const received = await throughQueue(suite, { body, contentType: 'text/plain' });
        assert.deepEqual([...received.body], [...body]);
        assert.equal(received.contentType, 'text/plain');
      },
    },
    {
      title: 'a message with no properties arrives with none',
      run: async () => {
        const { messageId, ...received } = await throughQueue(suite, { body: Buffer.from('x') });
        assert.ok(messageId);
        assert.deepEqual(propertiesOf(received), NO_PROPERTIES);
        assert.equal(received.deliveryMode, 1);
      },
    },
    {
      title: 'every property arrives as it was sent',
      run: async () => {
        const received = await throughQueue(suite, ALL_PROPERTIES);
        assert.deepEqual(propertiesOf(received), ALL_PROPERTIES);
        assert.equal(received.deliveryMode, 1);
      },
    },
    {
      title: 'headers of every kind that all drivers carry arrive as they were sent',
      run: async () => {
        const received = await throughQueue(suite, { headers: HEADERS });
        assert.deepEqual({ ...received.headers }, HEADERS);
      },
    },
    {
      title:
        'dates and bytes in headers arrive as they were sent where the driver says that it carries them',
      run: async () => {
        const { dates, bytes } = suite.driver.headers;
        const headers = {
          ...(dates ? { at: new Date(1_700_000_000_000), dates: [new Date(0)] } : {}),
          ...(bytes ? { key: Buffer.from([0xff, 0]), nested: { none: Buffer.alloc(0) } } : {}),
        };
        const received = await throughQueue(suite, { headers });
        assert.deepStrictEqual({ ...received.headers }, headers);
      },
    },
    {
      title: 'a message fetched by get has the bytes and the properties that were sent',
      run: async () => {
        await using bench = await suite.connect();
        const channel = await bench.publisher();
        const queue = await tempQueue(channel);
        const contentType = 'application/json';
        channel.publish(outgoing(queue, { body: BODIES['an integer above 2^53'], contentType }));
        channel.publish(outgoing(queue, { body: BODIES.nothing, contentType }));
        await bench.allConfirmed(2);
        const first = await soon(channel.get(queue, { noAck: true }), 'basic.get');
        const second = await soon(channel.get(queue, { noAck: true }), 'basic.get');
        assert.deepEqual(first?.body, BODIES['an integer above 2^53']);
        assert.equal(first?.contentType, contentType);
        assert.equal(second?.body.byteLength, 0);
        assert.equal(await soon(channel.get(queue, { noAck: true }), 'basic.get'), undefined);
      },
    },
  ];
}

const HEADERS = {
  text: 'häuschen',
  empty: '',
  zero: 0,
  negative: -1,
  byte: 200,
  int: -2_147_483_648,
  large: 9_007_199_254_740_991,
  larger: 9_223_372_036_854_775_807n,
  lowest: -9_223_372_036_854_775_808n,
  double: 0.1,
  yes: true,
  no: false,
  nothing: null,
  list: [1, 'two', [3.5], { four: 4 }],
  table: { deep: { deeper: [null] } },
};

const NO_PROPERTIES: Properties = {
  contentType: undefined,
  contentEncoding: undefined,
  headers: undefined,
  priority: undefined,
  correlationId: undefined,
  replyTo: undefined,
  expiration: undefined,
  timestamp: undefined,
  type: undefined,
  userId: undefined,
  appId: undefined,
};

const ALL_PROPERTIES: Properties = {
  contentType: 'application/x-something',
  contentEncoding: 'br',
  headers: { one: 1 },
  priority: 9,
  correlationId: 'ü'.repeat(127),
  replyTo: 'r'.repeat(255),
  expiration: '60000',
  timestamp: 1_700_000_000,
  type: 'kind',
  userId: 'guest',
  appId: 'app',
};

function rawBodies(
  suite: Suite,
  contentType: string | undefined,
  contentEncoding: string | undefined,
): DriverCase {
  const type = contentType ?? 'no content type';
  const encoding = contentEncoding ? `content encoding ${contentEncoding}` : 'no content encoding';
  return {
    title: `bodies arrive byte for byte under ${type} and ${encoding}`,
    run: async () => {
      await using bench = await suite.connect();
      const channel = await bench.publisher();
      const queue = await tempQueue(channel);
      const { deliveries } = await collect(channel, queue, { noAck: true });
      for (const [name, body] of Object.entries(BODIES)) {
        channel.publish(outgoing(queue, { body, contentType, contentEncoding }));
        const delivery = await deliveries.next();
        assert.deepEqual([...delivery.body], [...body], name);
        assert.equal(delivery.contentType, contentType);
        assert.equal(delivery.contentEncoding, contentEncoding);
      }
    },
  };
}

async function sizesArrive(suite: Suite): Promise<void> {
  await using bench = await suite.connect();
  const { frameMax } = bench.link;
  const channel = await bench.publisher();
  const queue = await tempQueue(channel);
  const { deliveries } = await collect(channel, queue, { noAck: true });
  const payload = frameMax - 8;
  const sizes = [0, 1, payload - 1, payload, payload + 1, 2 * payload, 2 ** 20, 2 ** 24];
  for (const size of sizes) {
    const body = randomBytes(size);
    channel.publish(outgoing(queue, { body }));
    const delivery = await deliveries.next(30_000);
    assert.equal(delivery.body.byteLength, size);
    assert.ok(body.equals(delivery.body), `${size} bytes changed on the way`);
  }
}

async function throughQueue(suite: Suite, changes: Partial<Outgoing>) {
  await using bench = await suite.connect();
  const channel = await bench.publisher();
  const queue = await tempQueue(channel);
  const { deliveries } = await collect(channel, queue, { noAck: true });
  channel.publish(outgoing(queue, changes));
  return await deliveries.next();
}

function propertiesOf(received: Partial<Properties> | { headers?: object | undefined }): object {
  return Object.fromEntries(
    Object.keys(NO_PROPERTIES).map((field) => [field, Reflect.get(received, field)]),
  );
}
