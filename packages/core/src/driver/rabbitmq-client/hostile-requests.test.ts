import { deadline } from '@leveret/testkit';
import {
  type Answer,
  closing,
  delivery,
  heartbeat,
  M,
  method,
  settled,
  short,
  silence,
  u32,
} from '@leveret/testkit/hostile';
import { describe, expect, test } from 'vitest';
import { nowhere } from '../../message/messages.fixture.ts';
import { collect, failure, Victim } from './victim.fixture.ts';

const blocked = (reason: Buffer = short('low')): Buffer => method(0, M.blocked, reason);
const queue =
  (name: string): Answer =>
  ({ channel }) =>
    method(channel, M.queueDeclareOk, short(name), u32(0), u32(0));

describe('an answer about something else than was asked for fails the request and costs the connection', () => {
  test.for([
    ['another queue', 'q', 'other'],
    ['a queue without a name', 'q', ''],
    ['a queue without a name, where the broker was to choose one', '', ''],
  ] as const)('%s', async ([, asked, answered]) => {
    await using victim = await Victim.connect({ [M.queueDeclare]: queue(answered) });
    const { channel } = await victim.channel();
    expect(await failure(channel.checkQueue(asked))).toBe('CONNECTION_LOST');
    await victim.lost.next(1000);
  });

  test('another consumer', async () => {
    await using victim = await Victim.connect({
      [M.consume]: ({ channel }) => method(channel, M.consumeOk, short('other')),
    });
    const { channel } = await victim.channel();
    expect(await failure(collect(channel))).toBe('CONNECTION_LOST');
    await victim.lost.next(1000);
  });

  test('a name of 255 bytes that the broker chose is taken as it is', async () => {
    const name = 'é'.repeat(127);
    await using victim = await Victim.connect({ [M.queueDeclare]: queue(name) });
    const { channel } = await victim.channel();
    expect((await channel.checkQueue('')).name).toBe(name);
  });
});

describe('requests that get no answer', () => {
  test.for(['destroy', 'loss'] as const)('are over with the connection: %s', async (how) => {
    await using victim = await Victim.connect({ [M.queueDeclare]: silence });
    const { channel } = await victim.channel();
    const { channel: closing } = await victim.channel();
    const requests = [
      channel.checkQueue('a'),
      channel.checkQueue('b'),
      channel.get('c', { noAck: true }),
    ];
    const failures = Promise.all(requests.map(failure));
    closing.checkQueue('d').catch(() => {});
    const closed = closing.close();
    await victim.peer.wait(M.queueDeclare);
    if (how === 'destroy') victim.link.destroy();
    else victim.peer.socket.resetAndDestroy();
    expect(await failures).toEqual(requests.map(() => 'CONNECTION_LOST'));
    await deadline(closed, 500, 'channel.close');
    await deadline(channel.close(), 500, 'channel.close');
    await deadline(victim.link.close(), 500, 'close');
    expect(await failure(channel.checkQueue('later'))).toBe('CONNECTION_LOST');
  });

  test.for(['destroy', 'loss'] as const)('to open a channel are over as well: %s', async (how) => {
    await using victim = await Victim.connect({ [M.channelOpen]: silence });
    const opening = failure(victim.link.openChannel(Object.create(null)));
    await victim.peer.wait(M.channelOpen);
    if (how === 'destroy') victim.link.destroy();
    else victim.peer.socket.end();
    expect(await opening).toBe('CONNECTION_LOST');
  });

  test('do not keep their channel from being closed', async () => {
    await using victim = await Victim.connect({ [M.queueDeclare]: silence });
    const { channel } = await victim.channel();
    const request = failure(channel.checkQueue('a'));
    const queued = failure(channel.checkQueue('b'));
    await deadline(channel.close(), 1000, 'channel.close');
    expect([await request, await queued]).toEqual(['CONNECTION_LOST', 'CONNECTION_LOST']);
    await deadline(victim.link.close(), 1000, 'close');
    expect(victim.lost.size).toBe(0);
  });

  test('and wait behind another are never sent once their channel is closed', async () => {
    await using victim = await Victim.connect({
      [M.queueDeclare]: silence,
      [M.channelClose]: silence,
    });
    const { channel } = await victim.channel();
    const first = channel.checkQueue('a');
    const second = failure(channel.checkQueue('b'));
    const closed = channel.close();
    await victim.peer.wait(M.channelClose);
    victim.peer.send(method(1, M.queueDeclareOk, short('a'), u32(0), u32(0)));
    expect((await first).name).toBe('a');
    expect(await second).toBe('CONNECTION_LOST');
    victim.peer.send(method(1, M.channelCloseOk));
    await deadline(closed, 1000, 'channel.close');
    await deadline(victim.link.close(), 1000, 'close');
    expect(victim.peer.asked.drain().map(({ id }) => id)).toEqual([M.close]);
  });

  test('reject by what the broker blames, whatever the reply code', async () => {
    for (const code of [0, 404, 65_535]) {
      await using victim = await Victim.connect({
        [M.queueDeclare]: ({ channel }) => closing(channel, code, M.queueDeclare),
      });
      const { channel, heard } = await victim.channel();
      const expected = code === 404 ? 'NOT_FOUND' : 'REFUSED';
      const second = failure(channel.checkQueue('b'));
      expect(await failure(channel.checkQueue('a'))).toBe('CONNECTION_LOST');
      expect(await second).toBe(expected);
      expect(await heard.ended.next(1000)).toMatchObject({ kind: 'channel', replyCode: code });
      await deadline(channel.close(), 500, 'channel.close');
      await victim.channel();
    }
  });
});

test.each([{ priority: 256 }, { type: 'x'.repeat(256) }, { headers: { ['x'.repeat(256)]: 1 } }])(
  'a message with %o, which cannot be written, is INVALID_MESSAGE and takes no number, and the channel goes on',
  async (wrong) => {
    await using victim = await Victim.connect();
    const { channel, heard } = await victim.channel();
    await channel.selectConfirms();
    const invalid = expect.objectContaining({ code: 'INVALID_MESSAGE' });
    expect(() => channel.publish({ ...nowhere(), ...wrong })).toThrow(invalid);
    expect(channel.publish(nowhere())).toBe(1);
    victim.peer.send(settled(1, M.ack, 1n));
    expect(await heard.confirmed.next(1000)).toEqual([1, false, true]);
    await channel.checkQueue('q');
    expect(victim.lost.size + heard.ended.size).toBe(0);
  },
);

test('a channel that both sides close at once costs nothing but the channel', async () => {
  await using victim = await Victim.connect({
    [M.channelClose]: ({ channel }) =>
      Buffer.concat([closing(channel, 404, M.publish), method(channel, M.channelCloseOk)]),
  });
  for (let round = 0; round < 3; round++) {
    const { channel } = await victim.channel();
    channel.publish(nowhere());
    const reopened = deadline(channel.close(), 1000, 'close').then(() => victim.channel());
    await (await reopened).channel.checkQueue('q');
  }
  expect(victim.lost.size).toBe(0);
});

describe('a broker that blocks publishers', () => {
  test('holds nothing back after it was told twice and taken back once', async () => {
    await using victim = await Victim.connect();
    const { channel } = await victim.channel();
    victim.peer.send(blocked(), blocked(), method(0, M.unblocked));
    expect(await victim.blocked.next()).toBe('low');
    expect(await victim.blocked.next()).toBe('low');
    expect(await victim.blocked.next()).toBeUndefined();
    await deadline(channel.checkQueue('q'), 1000, 'an answer');
  });

  test('still gets acknowledgements and goodbyes, and may word its reason as it likes', async () => {
    await using victim = await Victim.connect();
    const { channel } = await victim.channel();
    victim.peer.send(blocked(short(Buffer.of(0xff, 0x20, 0xc3))));
    expect(await victim.blocked.next()).toBe('\ufffd \ufffd');
    channel.ack(1, false);
    await victim.peer.wait(M.ack);
    await deadline(channel.close(), 1000, 'channel.close');
    await deadline(victim.link.close(), 1000, 'close');
    await deadline(victim.peer.closed, 1000, 'the end of the socket');
  });
});

describe('a connection that the broker closes', () => {
  test('is lost soon even if the broker keeps the socket and goes on talking', async () => {
    await using victim = await Victim.connect();
    const { channel, heard } = await victim.channel();
    await channel.selectConfirms();
    channel.publish(nowhere());
    const { deliveries } = await collect(channel);
    const talking = setInterval(() => victim.peer.send(heartbeat), 50);
    try {
      victim.peer.send(closing(0, 320), closing(0, 541), settled(1, M.ack, 1n), method(9, M.qosOk));
      await victim.peer.wait(M.closeOk);
      expect(await victim.lost.next(2500)).toMatchObject({ replyCode: 320 });
    } finally {
      clearInterval(talking);
    }
    expect(await heard.ended.next(100)).toMatchObject({ kind: 'connection' });
    expect([heard.confirmed.size, deliveries.size]).toEqual([0, 0]);
  });

  test('fails the request that is blamed by its reply code', async () => {
    await using victim = await Victim.connect({
      [M.queueDeclare]: (_, peer) => {
        peer.socket.end(closing(0, 540, M.queueDeclare));
        return undefined;
      },
    });
    const { channel } = await victim.channel();
    expect(await failure(channel.checkQueue('q'))).toBe('REFUSED');
  });

  test('is lost soon also where only half of it is closed and nothing is read any more', async () => {
    await using victim = await Victim.connect();
    const { channel } = await victim.channel();
    victim.peer.socket.pause();
    for (let sent = 0; sent < 20; sent++) channel.publish(nowhere(1_000_000));
    victim.peer.socket.end();
    await victim.lost.next(2500);
  });
});

describe('closing a connection', () => {
  test('is over with destroy where close-ok never comes, and leaves no socket', async () => {
    await using victim = await Victim.connect({ [M.close]: silence, [M.channelClose]: silence });
    const { channel } = await victim.channel();
    const channelClosed = channel.close();
    const closed = victim.link.close();
    await victim.peer.wait(M.channelClose);
    victim.link.destroy();
    await deadline(Promise.all([channelClosed, closed]), 500, 'close');
    victim.peer.socket.end();
    await deadline(victim.peer.closed, 500, 'the end of the socket');
    expect(victim.lost.size).toBe(0);
  });

  test('is over where the link is lost on the way', async () => {
    await using victim = await Victim.connect({ [M.close]: silence, [M.channelClose]: silence });
    const { channel } = await victim.channel();
    const closed = Promise.all([channel.close(), victim.link.close()]);
    await victim.peer.wait(M.channelClose);
    victim.peer.socket.resetAndDestroy();
    await deadline(closed, 500, 'close');
    expect(victim.lost.size).toBe(0);
  });

  test('tells nothing of what comes meanwhile', async () => {
    await using victim = await Victim.connect({
      [M.close]: (_, { socket }) => {
        socket.end(Buffer.concat([blocked(), method(0, M.unblocked), method(0, M.closeOk)]));
        return undefined;
      },
    });
    const { channel, heard } = await victim.channel();
    const { tag, deliveries } = await collect(channel);
    const cancelled = method(1, M.cancel, short(tag), Buffer.of(1));
    victim.peer.send(cancelled, delivery(1, tag), settled(1, M.ack, 1n));
    await deadline(channel.close(), 500, 'channel.close');
    await deadline(victim.link.close(), 500, 'close');
    expect([victim.blocked.size, heard.cancelled.size, deliveries.size]).toEqual([0, 0, 0]);
    expect([victim.lost.size, heard.ended.size, heard.confirmed.size]).toEqual([0, 0, 0]);
  });

  test('tells nothing of what comes after destroy', async () => {
    await using victim = await Victim.connect();
    const { channel, heard } = await victim.channel();
    const { tag, deliveries } = await collect(channel);
    victim.peer.send(blocked());
    await victim.blocked.next();
    victim.peer.send(method(0, M.unblocked), method(1, M.cancel, short(tag), Buffer.of(1)));
    victim.link.destroy();
    await deadline(victim.peer.closed, 500, 'the end of the socket');
    expect([victim.blocked.size, heard.cancelled.size, deliveries.size]).toEqual([0, 0, 0]);
    expect([victim.lost.size, heard.ended.size]).toEqual([0, 0]);
  });
});
