import { deadline } from '@leveret/testkit';
import {
  body,
  closing,
  deliver,
  delivery,
  frame,
  header,
  headersOf,
  heartbeat,
  long,
  M,
  method,
  settled,
  short,
  silence,
  u16,
  u32,
  u64,
} from '@leveret/testkit/hostile';
import { describe, expect, test } from 'vitest';
import { nowhere } from '../../message/messages.fixture.ts';
import { collect, failure, Victim } from './victim.fixture.ts';

const returned = method(1, M.return, u16(312), short('no'), short(''), short('key'));
const getOk = method(1, M.getOk, u64(1n), Buffer.of(0), short(''), short('k'), u32(0));
const consumer = 'leveret-1-1';
const announced = (size: number | bigint): Buffer =>
  Buffer.concat([deliver(1, consumer), header(1, size)]);

describe('what AMQP does not allow costs the connection, and nothing waits any longer', () => {
  const cases: Readonly<Record<string, readonly Buffer[]>> = {
    'a frame that ends wrongly': [frame(1, 1, u32(M.qosOk), 0)],
    'an unknown frame type': [frame(4, 1, Buffer.alloc(4))],
    'a frame larger than agreed': [Buffer.from('03000100020001', 'hex')],
    'an unknown method': [method(1, 0x003c_00ff)],
    'a method frame of no bytes': [frame(1, 1, Buffer.alloc(0))],
    'a method that breaks off': [method(1, M.deliver, short(consumer), u32(1))],
    'a flow, which RabbitMQ does not know': [method(1, M.channelFlow, Buffer.of(0))],
    'a method for a channel that is not open': [method(7, M.qosOk)],
    'a delivery for a channel that is not open': [delivery(7, consumer)],
    'a content header for a channel that is not open': [header(7, 1)],
    'a body for a channel that is not open': [body(7, 'x')],
    'content for channel 0': [deliver(0, consumer), header(0, 1)],
    'a header that no method announced': [header(1, 1)],
    'a header after a header': [announced(5), header(1, 5)],
    'a body without a header': [deliver(1, consumer), body(1, 'hello')],
    'a body that nothing announced': [body(1, 'hello')],
    'a second body after an empty one': [announced(0), body(1, '')],
    'a method between method and header': [deliver(1, consumer), deliver(1, consumer)],
    'a method between header and body': [announced(5), settled(1, M.ack, 1n)],
    'a method between two pieces of a body': [announced(5), body(1, 'he'), delivery(1, consumer)],
    'a body longer than announced': [announced(5), body(1, 'hello!')],
    'a body longer than announced, in pieces': [announced(5), body(1, 'hell'), body(1, 'oh')],
    'a body of 2^63 bytes': [announced(2n ** 63n)],
    'a body larger than RabbitMQ can be told to take': [announced(2 ** 29 + 1)],
    'a header that breaks off': [deliver(1, consumer), frame(2, 1, Buffer.alloc(6))],
    'headers of a type that does not exist': [
      deliver(1, consumer),
      headersOf(1, 1, Buffer.concat([short('k'), Buffer.from('?')])),
    ],
    'delivery tag 0': [delivery(1, consumer, 0n)],
    'a delivery tag that no number holds': [delivery(1, consumer, 2n ** 53n)],
    'a negative delivery tag': [delivery(1, consumer, 2n ** 63n)],
    'a confirm of nothing': [settled(1, M.ack, 0n, 1)],
    'a confirm of what was never published': [settled(1, M.ack, 2n)],
    'a refusal of what was never published': [settled(1, M.nack, 2n)],
    'a confirm of the future, with all before it': [settled(1, M.ack, 100n, 1)],
    'a confirm that no number holds': [settled(1, M.ack, 2n ** 53n + 1n, 1)],
    'a negative confirm': [settled(1, M.ack, 2n ** 64n - 1n)],
    'the close of a channel that is not open': [closing(7, 404)],
    'the close of a channel, twice': [closing(1, 404), closing(1, 404)],
    'an answer that nobody asked for': [method(1, M.qosOk)],
    'a fetched message that nobody asked for': [getOk, header(1, 3), body(1, 'abc')],
    'another answer than was asked for': [method(1, M.confirmSelectOk)],
    'a fetched message in place of another answer': [getOk, header(1, 3), body(1, 'abc')],
    'open-ok': [method(0, M.openOk, short(''))],
    start: [method(0, M.start)],
    'a request of a client': [method(1, M.queueDeclare, u16(0), short(''), Buffer.of(0), long(''))],
    'connection.close on a channel': [frame(1, 1, closing(0, 320).subarray(7, -1))],
  };

  test.for(Object.entries(cases))('%s', async ([title, bytes]) => {
    await using victim = await Victim.connect({ [M.queueDeclare]: silence });
    const { channel, heard } = await victim.channel();
    await channel.selectConfirms();
    await collect(channel);
    channel.publish(nowhere());
    const requests = title.includes('nobody asked for')
      ? []
      : [failure(channel.checkQueue('one')), failure(channel.checkQueue('two'))];
    if (requests.length > 0) await victim.peer.wait(M.queueDeclare);
    victim.peer.send(...bytes);
    await victim.lost.next(2000);
    const codes = await Promise.all(requests);
    expect(codes.every((code) => code === 'CONNECTION_LOST')).toBe(true);
    expect(heard.ended.size).toBe(1);
    await deadline(channel.close(), 500, 'close');
    await deadline(victim.link.close(), 500, 'close');
    expect(await failure(victim.link.openChannel(Object.create(null)))).toBe('CONNECTION_LOST');
    victim.peer.socket.end();
    await deadline(victim.peer.closed, 500, 'the end of the socket');
    expect([victim.lost.size, heard.confirmed.size, heard.returned.size]).toEqual([0, 0, 0]);
  });
});

describe('what is only odd harms nothing', () => {
  /** Sends that, and then shows that the channel works. */
  async function survives(...bytes: Buffer[]) {
    const victim = await Victim.connect();
    const { channel, heard } = await victim.channel();
    await channel.selectConfirms();
    channel.publish(nowhere());
    const { tag, deliveries } = await collect(channel);
    victim.peer.send(...bytes, heartbeat, delivery(1, tag, 50n, 'last'));
    for (;;) {
      const { body: last } = await deliveries.next(2000);
      if (String(last) === 'last') break;
    }
    await channel.checkQueue('q');
    expect(victim.lost.size + heard.ended.size).toBe(0);
    return { victim, channel, heard };
  }

  test.for<[string, ...Buffer[]]>([
    ['deliveries for unknown consumers', delivery(1, 'nobody'), delivery(1, '', 2n)],
    ['the same delivery tag twice', delivery(1, consumer), delivery(1, consumer)],
    ['returns of what nobody sent', returned, header(1, 1), body(1, 'x')],
    ['the cancel of an unknown consumer', method(1, M.cancel, short('nobody'), Buffer.of(1))],
    ['channel.close-ok that nobody waits for', method(1, M.channelCloseOk)],
    ['channel.close-ok for a channel that is not open', method(9, M.channelCloseOk)],
    ['unblocked without blocked', method(0, M.unblocked)],
    ['a heartbeat on a channel', frame(8, 5, Buffer.alloc(0))],
    ['a confirm twice', settled(1, M.ack, 1n), settled(1, M.nack, 1n)],
  ])('%s', async ([, ...bytes]) => {
    const { victim, channel } = await survives(...bytes);
    await using _ = victim;
    await deadline(channel.close(), 500, 'channel.close');
    await deadline(victim.link.close(), 500, 'close');
  });

  test('a delivery for a consumer that is not there any more goes back', async () => {
    await using victim = await Victim.connect();
    await victim.channel();
    victim.peer.send(delivery(1, 'nobody', 7n));
    const { fields } = await victim.peer.wait(M.nack);
    expect(fields).toEqual(Buffer.concat([u64(7n), Buffer.of(0b10)]));
  });

  test('a body of empty frames and of single bytes arrives whole, and takes memory for its bytes only', async () => {
    await using victim = await Victim.connect();
    const { channel } = await victim.channel();
    const { deliveries } = await collect(channel);
    const expected = Buffer.alloc(20_000, 'abcdefg');
    const empty = Buffer.concat(Array.from({ length: 2000 }, () => body(1, '')));
    victim.peer.send(announced(expected.length), empty);
    for (const byte of expected) victim.peer.send(body(1, Buffer.of(byte)));
    const { body: bytes } = await deliveries.next();
    expect(Buffer.compare(Buffer.from(bytes), expected)).toBe(0);
  });

  test('headers named like a prototype pollute nothing and arrive by another name', async () => {
    await using victim = await Victim.connect();
    const { channel } = await victim.channel();
    const { tag, deliveries } = await collect(channel);
    const inner = Buffer.concat([short('polluted'), Buffer.from('t'), Buffer.of(1)]);
    const proto = Buffer.concat([short('__proto__'), Buffer.from('F'), long(inner)]);
    const table = Buffer.concat([
      ...[short('text'), Buffer.from('S'), long('a __proto__ in a text')],
      ...[short('deep'), Buffer.from('F'), long(proto)],
      proto,
      ...[
        short('same'),
        Buffer.from('t'),
        Buffer.of(0),
        short('same'),
        Buffer.from('t'),
        Buffer.of(1),
      ],
      ...[short('odd'), Buffer.from('S'), long(Buffer.of(0xff, 0xfe))],
    ]);
    victim.peer.send(deliver(1, tag), headersOf(1, 1, table), body(1, 'x'));
    const { headers = {} } = await deliveries.next();
    expect(headers).toEqual({
      text: 'a __proto__ in a text',
      deep: { x_proto__: { polluted: true } },
      x_proto__: { polluted: true },
      same: true,
      odd: Buffer.of(0xff, 0xfe),
    });
    expect(Object.getPrototypeOf(headers)).toBe(Object.prototype);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  test('a consumer that the broker cancels by a name that it knows is told, and answered where asked', async () => {
    await using victim = await Victim.connect();
    const { channel, heard } = await victim.channel();
    const { tag, deliveries } = await collect(channel);
    victim.peer.send(method(1, M.cancel, short(tag), Buffer.of(0)));
    expect(await heard.cancelled.next(1000)).toBe(tag);
    expect((await victim.peer.wait(M.cancelOk)).fields).toEqual(short(tag));
    victim.peer.send(delivery(1, tag));
    await channel.checkQueue('q');
    expect(deliveries.size).toBe(0);
  });
});

test('content that is fed to a channel before it is open is not kept', async () => {
  await using victim = await Victim.connect({ [M.channelOpen]: silence });
  const opening = failure(victim.link.openChannel(Object.create(null)));
  await victim.peer.wait(M.channelOpen);
  victim.peer.send(deliver(1, 'x'), header(1, 2n ** 40n), body(1, Buffer.alloc(1000)));
  await victim.lost.next(1000);
  expect(await opening).toBe('CONNECTION_LOST');
});

test('a link on which bytes trickle but no frame is ever complete is lost', {
  timeout: 10_000,
}, async () => {
  await using victim = await Victim.connect({}, { heartbeat: 1 });
  const trickle = setInterval(() => victim.peer.socket.write(Buffer.of(0)), 100);
  victim.peer.socket.write(Buffer.from('03000100010000', 'hex'));
  try {
    expect(await victim.lost.next(4000)).toMatchObject({ code: 'SOCKET_TIMEOUT' });
  } finally {
    clearInterval(trickle);
  }
});
