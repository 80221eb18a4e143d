import { createHash } from 'node:crypto';
import { createInbox } from '@leveret/testkit';
import { describeWithBroker, hasAioPika, startPython, uniqueName } from '@leveret/testkit/vitest';
import { describe, expect, test } from 'vitest';
import type { IncomingMessage } from '../message/incoming.ts';
import { openPair, privateQueue, textOf } from './live.fixture.ts';

const WAIT = 20_000;

function userOf(url: string): string {
  return new URL(url).username || 'guest';
}

describe.skipIf(!hasAioPika)('messages', { timeout: 60_000 }, () => {
  describeWithBroker('exchanged with aio_pika.Message', (getUrl) => {
    test('from Python arrive with every property', async () => {
      await using pair = await openPair(getUrl());
      const queue = await privateQueue(pair.channel);
      const messages = createInbox<IncomingMessage>('a message');
      await queue.consume(messages.push, { noAck: true });
      const python = startPython(
        getUrl(),
        `
import datetime
exchange = channel.default_exchange
await exchange.publish(Message("Grüße 🐇".encode(), content_type="text/plain", content_encoding="utf-8",
    delivery_mode=DeliveryMode.PERSISTENT, priority=9, correlation_id="correlation", reply_to="reply",
    expiration=datetime.timedelta(minutes=1), message_id="id-ä", timestamp=1_700_000_000, type="kind",
    user_id=args[1], app_id="app"), args[0])
await exchange.publish(Message(b"", timestamp=datetime.datetime(2024, 2, 29, 12, 30, 15), expiration=0.5), args[0])
`,
        [queue.name, userOf(getUrl())],
      );
      await python.finish();
      const [full, bare] = await messages.take(2, WAIT);
      expect(full?.properties).toStrictEqual({
        contentType: 'text/plain',
        contentEncoding: 'utf-8',
        headers: {},
        deliveryMode: 2,
        priority: 9,
        correlationId: 'correlation',
        replyTo: 'reply',
        expiration: 60_000,
        messageId: 'id-ä',
        timestamp: new Date(1_700_000_000_000),
        type: 'kind',
        userId: userOf(getUrl()),
        appId: 'app',
      });
      expect(textOf(full)).toBe('Grüße 🐇');
      expect(bare).toMatchObject({
        deliveryMode: 1,
        expiration: 500,
        timestamp: new Date('2024-02-29T12:30:15Z'),
        contentType: undefined,
        userId: undefined,
      });
      expect(textOf(bare)).toBe('');
    });

    test('from here arrive with every property', async () => {
      await using pair = await openPair(getUrl());
      const queue = await pair.channel.declareQueue(uniqueName('queue'), { autoDelete: true });
      const python = startPython(
        getUrl(),
        `
queue = await channel.get_queue(args[0])
async for message in queue:
    async with message.process():
        say([message.body.decode(), message.content_type, message.content_encoding, message.delivery_mode,
            message.priority, message.correlation_id, message.reply_to, message.expiration, message.message_id,
            message.timestamp and message.timestamp.isoformat()[:19], message.type, message.user_id, message.app_id,
            dict(message.headers)])
    if not message.app_id:
        break
`,
        [queue.name],
      );
      const exchange = pair.channel.defaultExchange;
      await exchange.publish(
        {
          body: Buffer.from('Grüße 🐇'),
          contentType: 'text/plain',
          contentEncoding: 'utf-8',
          deliveryMode: 1,
          priority: 9,
          correlationId: 'correlation',
          replyTo: 'reply',
          expiration: 60_000,
          messageId: 'id-ä',
          timestamp: new Date('2024-02-29T12:30:15Z'),
          type: 'kind',
          userId: userOf(getUrl()),
          appId: 'app',
        },
        queue.name,
      );
      await exchange.publish({ body: new Uint8Array(), messageId: 'bare' }, queue.name);
      const nothing = null;
      expect(await python.saidAll(2)).toStrictEqual([
        [
          ...['Grüße 🐇', 'text/plain', 'utf-8', 1, 9, 'correlation', 'reply', 60, 'id-ä'],
          ...['2024-02-29T12:30:15', 'kind', userOf(getUrl()), 'app', {}],
        ],
        [
          ...['', nothing, nothing, 2, 0, nothing, nothing, nothing, 'bare'],
          ...[nothing, nothing, nothing, nothing, {}],
        ],
      ]);
      await python.finish();
    });

    test('from Python arrive with headers of every type', async () => {
      await using pair = await openPair(getUrl());
      const queue = await privateQueue(pair.channel);
      const messages = createInbox<IncomingMessage>('a message');
      await queue.consume(messages.push, { noAck: true });
      const python = startPython(
        getUrl(),
        `
import datetime, decimal
await channel.default_exchange.publish(Message(b"", headers={
    "text": "Grüße 🐇",
    "empty": "",
    "integers": [0, 127, 128, -129, 32767, -32768, 65535, -32769, 2**31 - 1, -(2**31), 2**32 - 1, 2**53 - 1, -(2**53) + 1],
    "beyond 2^53": [2**53, -(2**53), 2**63 - 1, -(2**63)],
    "yes": True,
    "no": False,
    "nothing": None,
    "date": datetime.datetime(2024, 2, 29, 12, 30, 15, 999_999),
    "zoned": datetime.datetime(2024, 2, 29, 12, 30, 15, tzinfo=datetime.timezone(datetime.timedelta(hours=2))),
    "bytes": bytearray(b"\\0\\xff"),
    "nested": {"fractions": [0.5, 0.1, -1.5e30], "decimals": [decimal.Decimal("1.5"), decimal.Decimal("-0.01")],
        "list": [[None, True], {}, {"text": "ä"}]},
}), args[0])
`,
        [queue.name],
      );
      await python.finish();
      expect((await messages.next(WAIT)).headers).toStrictEqual({
        text: 'Grüße 🐇',
        empty: '',
        integers: [
          ...[0, 127, 128, -129, 32767, -32768, 65535, -32769, 2 ** 31 - 1, -(2 ** 31)],
          ...[2 ** 32 - 1, 2 ** 53 - 1, -(2 ** 53) + 1],
        ],
        'beyond 2^53': [2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n)],
        yes: true,
        no: false,
        nothing: null,
        date: new Date('2024-02-29T12:30:15Z'),
        zoned: new Date('2024-02-29T10:30:15Z'),
        bytes: Buffer.of(0, 255),
        nested: {
          fractions: [0.5, Math.fround(0.1), Math.fround(-1.5e30)],
          decimals: [1.5, -0.01],
          list: [[null, true], {}, { text: 'ä' }],
        },
      });
    });

    test('from here arrive with headers of every type', async () => {
      await using pair = await openPair(getUrl());
      const queue = await pair.channel.declareQueue(uniqueName('queue'), { autoDelete: true });
      await pair.channel.defaultExchange.publish(
        {
          body: new Uint8Array(),
          headers: {
            text: 'Grüße 🐇',
            empty: '',
            integers: [
              ...[0, -1, 127, -128, 128, -129, 32767, 32768, -32769, 2 ** 31 - 1, 2 ** 31],
              ...[-(2 ** 31) - 1, 2 ** 53 - 1, 2n ** 63n - 1n, -(2n ** 63n)],
            ],
            yes: true,
            no: false,
            nothing: null,
            date: new Date('2024-02-29T12:30:15.999Z'),
            bytes: Uint8Array.of(0, 255),
            nested: { fractions: [0.5, 0.1, 1e-300], list: [[null, true], {}, { text: 'ä' }] },
          },
        },
        queue.name,
      );
      const python = startPython(
        getUrl(),
        `
queue = await channel.get_queue(args[0])
headers = dict((await queue.get()).headers)
say(headers.pop("date").isoformat()[:19])
say({name: repr(value) for name, value in headers.items()})
await queue.delete(if_empty=False)
`,
        [queue.name],
      );
      expect(await python.saidAll(2)).toStrictEqual([
        '2024-02-29T12:30:15',
        {
          text: "'Grüße 🐇'",
          empty: "''",
          integers:
            '[0, -1, 127, -128, 128, -129, 32767, 32768, -32769, 2147483647, 2147483648, ' +
            '-2147483649, 9007199254740991, 9223372036854775807, -9223372036854775808]',
          yes: 'True',
          no: 'False',
          nothing: 'None',
          bytes: "bytearray(b'\\x00\\xff')",
          nested: "{'fractions': [0.5, 0.1, 1e-300], 'list': [[None, True], {}, {'text': 'ä'}]}",
        },
      ]);
      await python.finish();
    });

    test('of several MiB come back from Python as they were', async () => {
      await using pair = await openPair(getUrl());
      const there = await pair.channel.declareQueue(uniqueName('there'), { autoDelete: true });
      const back = await privateQueue(pair.channel);
      const python = startPython(
        getUrl(),
        `
queue = await channel.get_queue(args[0])
async for message in queue:
    async with message.process():
        await channel.default_exchange.publish(Message(message.body), args[1])
    if not message.body:
        break
`,
        [there.name, back.name],
      );
      const messages = createInbox<IncomingMessage>('a message');
      await back.consume(messages.push, { noAck: true });
      const large = Buffer.alloc(
        3_000_000,
        Uint8Array.from({ length: 256 }, (_, byte) => byte),
      );
      for (const body of [large, Buffer.of(0), Buffer.alloc(0)])
        await pair.channel.defaultExchange.publish({ body }, there.name);
      const bodies = (await messages.take(3, WAIT)).map(({ body }) => body);
      expect(bodies.map(digest)).toStrictEqual([large, Buffer.of(0), Buffer.alloc(0)].map(digest));
      await python.finish();
    });
  });
});

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
