import { describe, expect, it } from 'vitest';
import type { ChannelEnd, DriverChannelEvents } from '../driver/driver.ts';
import { LeveretError } from '../errors/leveret-error.ts';
import { ignore } from '../internal/deferred.ts';
import { FakeClock, settled } from '../internal/fake-clock.fixture.ts';
import { wireMessage, wireReturn } from '../message/messages.fixture.ts';
import { Asides } from './asides.ts';
import { FakeChannel } from './fake-channel.fixture.ts';
import type { Publication } from './publication.ts';
import { type ClosedByBroker, quarantine } from './quarantine.ts';

type Opened = readonly [channel: FakeChannel, events: DriverChannelEvents];

/** Suspects by id and exchange, and what became of them. */
function suspects(...list: readonly (readonly [id: string, exchange: string])[]) {
  const outcomes: string[] = [];
  const publications = list.map(
    ([id, exchange]): Publication => ({
      message: { ...wireMessage(id), exchange },
      timeout: 1000,
      resend: true,
      confirm: true,
      rejectReturned: true,
      settle: (error) => outcomes.push(`${id} ${error?.code ?? 'confirmed'}`),
    }),
  );
  return { publications, outcomes };
}

/** Channels beside the lost one; `serve` is the broker. */
function tools(serve: (...opened: Opened) => void) {
  const clock = new FakeClock();
  const channels: FakeChannel[] = [];
  const open = async (events: DriverChannelEvents): Promise<FakeChannel> => {
    const channel = new FakeChannel();
    channels.push(channel);
    serve(channel, events);
    return channel;
  };
  const asides = new Asides({ clock, operationTimeout: 1000 });
  asides.connected({
    frameMax: 8192,
    serverProperties: undefined,
    openChannel: open,
    updateSecret: () => Promise.resolve(),
    close: () => Promise.resolve(),
    destroy: ignore,
  });
  return { clock, asides, channels };
}

const closedWith = (replyCode: number): ClosedByBroker => ({
  kind: 'channel',
  replyCode,
  replyText: 'refused',
  publish: true,
});

/** A broker that does `judge` with each message that is published. */
function judging(judge: (id: string, events: DriverChannelEvents) => void) {
  return (channel: FakeChannel, events: DriverChannelEvents): void => {
    channel.publish = (message) => {
      const tag = channel.published.push(message);
      queueMicrotask(() => judge(message.messageId, events));
      return tag;
    };
  };
}

describe('a channel closed for a missing exchange', () => {
  const missing = new LeveretError('NOT_FOUND', 'no exchange');
  const serve = (channel: FakeChannel): void => {
    channel.answer = async (request) => {
      if (request === 'exchange.check missing') throw missing;
    };
  };

  it('is put down to every message for it, and to no other', async () => {
    const { publications, outcomes } = suspects(
      ['a', 'there'],
      ['b', 'missing'],
      ['c', ''],
      ['d', 'missing'],
      ['e', 'there'],
    );
    const { channels, clock, asides } = tools(serve);
    await quarantine(publications, closedWith(404), asides);
    expect(outcomes).toEqual(['b EXCHANGE_NOT_FOUND', 'd EXCHANGE_NOT_FOUND']);
    // One question for each exchange, none for the default one; nothing was published.
    expect(channels.map(({ log }) => log[0])).toEqual([
      'exchange.check there',
      'exchange.check missing',
    ]);
    expect(channels[0]?.log).toContain('close');
    expect(channels.every(({ published }) => published.length === 0)).toBe(true);
    expect(clock.timers).toBe(0);
  });

  it('settles nobody while the broker cannot be asked', async () => {
    const { publications, outcomes } = suspects(['a', 'missing']);
    const { clock, asides } = tools((channel) => {
      channel.answer = () => new Promise(() => undefined);
    });
    const asking = quarantine(publications, closedWith(404), asides);
    asking.catch(() => undefined);
    await settled();
    clock.advance(1000);
    await expect(asking).rejects.toMatchObject({ code: 'TIMEOUT', operation: 'exchange.declare' });
    expect(outcomes).toEqual([]);
  });
});

describe('a channel closed for another reason', () => {
  it.each([
    { replyCode: 403, code: 'ACCESS_REFUSED' },
    { replyCode: 406, code: 'PRECONDITION_FAILED' },
    { replyCode: 541, code: 'REFUSED' },
  ])(
    '$replyCode is $code for the message that the broker refuses alone',
    async ({ replyCode, code }) => {
      const { publications, outcomes } = suspects(['a', 'x'], ['culprit', 'x'], ['c', 'x']);
      const { channels, clock, asides } = tools(
        judging((id, events) => {
          if (id === 'culprit') events.ended(closedWith(replyCode));
          else events.confirmed(1, false, true);
        }),
      );
      await quarantine(publications, closedWith(replyCode), asides);
      expect(outcomes).toEqual(['a confirmed', `culprit ${code}`]);
      // Each alone on a channel with confirms; what comes after the culprit is not sent here.
      expect(channels.map(({ published }) => published.map(({ messageId }) => messageId))).toEqual([
        ['a'],
        ['culprit'],
      ]);
      expect(channels[0]?.log).toEqual(['confirm.select', 'close']);
      expect(clock.timers).toBe(0);
    },
  );

  it('leaves what was returned or refused to the channel proper', async () => {
    const { publications, outcomes } = suspects(['back', 'x'], ['nacked', 'x'], ['fine', 'x']);
    const { channels, asides } = tools(
      judging((id, events) => {
        if (id === 'back') events.returned(wireReturn('back'));
        events.confirmed(1, false, id !== 'nacked');
      }),
    );
    await quarantine(publications, closedWith(406), asides);
    expect(channels).toHaveLength(3);
    expect(outcomes).toEqual(['fine confirmed']);
  });

  it('waits no longer once the connection is gone, and leaves no timer', async () => {
    const { publications, outcomes } = suspects(['a', 'x']);
    const { clock, asides } = tools(judging(ignore));
    const asking = quarantine(publications, closedWith(406), asides);
    asking.catch(ignore);
    await settled();
    asides.lost(new LeveretError('CONNECTION_LOST', 'cut'));
    clock.endTurn();
    await expect(asking).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    expect([outcomes, clock.timers]).toEqual([[], 0]);
  });

  it('settles nobody where the connection goes on the way', async () => {
    const { publications, outcomes } = suspects(['a', 'x']);
    const end: ChannelEnd = { kind: 'connection', cause: new Error('cut') };
    const { channels, asides } = tools(judging((_id, events) => events.ended(end)));
    await expect(quarantine(publications, closedWith(406), asides)).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      cause: end.cause,
    });
    expect(channels).toHaveLength(1);
    expect(outcomes).toEqual([]);
  });
});
