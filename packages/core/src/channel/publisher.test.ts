import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LeveretError } from '../errors/leveret-error.ts';
import { FakeClock, outcomeOf, settled } from '../internal/fake-clock.fixture.ts';
import { wireMessage, wireReturn } from '../message/messages.fixture.ts';
import { FakeChannel } from './fake-channel.fixture.ts';
import type { PublishRequest } from './publication.ts';
import { Publisher, type PublisherLimits } from './publisher.ts';

const lost = new LeveretError('CONNECTION_LOST', 'cut');
const closed = new LeveretError('CLOSED', 'the channel is closed');

/** A publisher, with what became of its publishes in the order in which they settled. */
function setUp(limits: Partial<PublisherLimits> = {}) {
  const clock = new FakeClock();
  const selections: string[] = [];
  const failures: string[] = [];
  const publisher = new Publisher(
    { maxInFlight: 10, maxBuffered: 10, maxBufferedBytes: 1000, nackTimeout: 500, ...limits },
    clock,
    {
      selectConfirms: () => selections.push('confirm.select'),
      nacked: ({ messageId }) => failures.push(`${messageId} refused`),
      failed: ({ messageId }, { code }) => failures.push(`${messageId} ${code}`),
      useless: ({ code }) => failures.push(`channel ${code}`),
    },
  );
  const outcomes: string[] = [];
  const publish = (
    id: string,
    { size = 1, ...more }: Partial<PublishRequest> & { size?: number } = {},
  ): Promise<void> => {
    const request = {
      timeout: 1000,
      resend: true,
      confirm: true,
      rejectReturned: true,
      ...more,
    };
    const promise = publisher.publish({ message: wireMessage(id, size), ...request });
    promise.then(
      () => outcomes.push(`${id} confirmed`),
      (error) => outcomes.push(`${id} ${error.code}`),
    );
    return promise;
  };
  const attach = (): FakeChannel => {
    const channel = new FakeChannel();
    publisher.attach(channel, true);
    return channel;
  };
  return { clock, publisher, selections, failures, outcomes, publish, attach };
}

function ids(channel: FakeChannel): string[] {
  return channel.published.map(({ messageId }) => messageId);
}

describe('sending', () => {
  it('sends in the order of the calls, at once, and waits for the broker', async () => {
    const { publish, attach, publisher, outcomes } = setUp();
    const channel = attach();
    for (const id of ['a', 'b', 'c']) publish(id);
    expect(ids(channel)).toEqual(['a', 'b', 'c']);
    await settled();
    expect(outcomes).toEqual([]);
    publisher.confirmed(2, false, true);
    publisher.confirmed(1, false, true);
    await settled();
    expect(outcomes).toEqual(['b confirmed', 'a confirmed']);
  });

  it('keeps what is published without a channel and sends it in order once there is one', async () => {
    const { publish, attach } = setUp();
    for (const id of ['a', 'b']) publish(id);
    const channel = attach();
    publish('c');
    expect(ids(channel)).toEqual(['a', 'b', 'c']);
  });

  it('has no more than maxInFlight unconfirmed, and sends on with each confirm', () => {
    const { publish, attach, publisher } = setUp({ maxInFlight: 2 });
    const channel = attach();
    for (const id of ['a', 'b', 'c', 'd']) publish(id);
    expect(ids(channel)).toEqual(['a', 'b']);
    publisher.confirmed(1, false, true);
    expect(ids(channel)).toEqual(['a', 'b', 'c']);
    publisher.confirmed(3, true, true);
    expect(ids(channel)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('settles all up to a tag with a multiple confirm, and none after it', async () => {
    const { publish, attach, publisher, outcomes } = setUp();
    attach();
    for (const id of ['a', 'b', 'c', 'd']) publish(id);
    publisher.confirmed(2, false, true);
    publisher.confirmed(3, true, false);
    await settled();
    expect(outcomes).toEqual(['b confirmed', 'a NACKED', 'c NACKED']);
  });

  it('ignores a confirm of what it does not know', async () => {
    const { publish, attach, publisher, outcomes } = setUp();
    attach();
    publish('a');
    publisher.confirmed(9, false, true);
    publisher.confirmed(0, true, true);
    await settled();
    expect(outcomes).toEqual([]);
  });

  it('sends nothing while the broker blocks publishers', () => {
    const { publish, attach, publisher } = setUp();
    const channel = attach();
    publisher.block(true);
    publish('a');
    expect(ids(channel)).toEqual([]);
    publisher.block(false);
    expect(ids(channel)).toEqual(['a']);
  });

  it('asks for confirms once, with the first publish that wants one, and sends when they are on', () => {
    const { publish, publisher, selections } = setUp();
    const channel = new FakeChannel();
    publisher.attach(channel, false);
    expect(publisher.wantsConfirms).toBe(false);
    publish('a');
    publish('b');
    expect(selections).toHaveLength(1);
    expect(publisher.wantsConfirms).toBe(true);
    expect(publisher.hasConfirms).toBe(false);
    expect(ids(channel)).toEqual([]);
    publisher.confirmsSelected();
    expect(publisher.hasConfirms).toBe(true);
    expect(ids(channel)).toEqual(['a', 'b']);
    publish('c');
    expect(selections).toHaveLength(1);
  });
});

describe('publishing without a confirm', () => {
  it('settles when the message is sent and asks for no confirms', async () => {
    const { publish, publisher, outcomes, selections, clock } = setUp();
    const channel = new FakeChannel();
    publisher.attach(channel, false);
    publish('a', { confirm: false });
    await settled();
    expect(ids(channel)).toEqual(['a']);
    expect(outcomes).toEqual(['a confirmed']);
    expect(selections).toEqual([]);
    expect(clock.timers).toBe(0);
  });

  it('waits while the socket is congested, and keeps the order', async () => {
    const { publish, attach, publisher, outcomes } = setUp();
    const channel = attach();
    channel.congested = true;
    publish('a', { confirm: false });
    publish('b');
    await settled();
    expect(ids(channel)).toEqual([]);
    channel.congested = false;
    publisher.pump();
    await settled();
    expect(ids(channel)).toEqual(['a', 'b']);
    expect(outcomes).toEqual(['a confirmed']);
  });
});

describe('a message that cannot be written', () => {
  it('fails by itself, with INVALID_MESSAGE, and those around it go on', async () => {
    const { publish, publisher, outcomes, failures } = setUp();
    for (const id of ['a', 'bad', 'c']) publish(id);
    const channel = new FakeChannel();
    channel.unwritable = 'bad';
    publisher.attach(channel, true);
    publish('bad');
    publish('bad', { confirm: false });
    expect(ids(channel)).toEqual(['a', 'c']);
    publisher.confirmed(2, true, true);
    await settled();
    expect(outcomes.sort()).toEqual(
      [...Array(3).fill('bad INVALID_MESSAGE'), ...['a confirmed', 'c confirmed']].sort(),
    );
    expect(failures).toEqual(Array(3).fill('bad INVALID_MESSAGE'));
    await publisher.drained();
  });
});

describe('refusals of the broker', () => {
  it('NACKED where the broker refuses the message', async () => {
    const { publish, attach, publisher } = setUp();
    attach();
    const publishing = publish('a');
    publisher.confirmed(1, false, false);
    await expect(publishing).rejects.toMatchObject({ code: 'NACKED', retryable: true });
  });

  it('NACKED at once also where it was refused long after the channel came back, or must not be sent twice', async () => {
    const { publish, attach, publisher, clock, failures } = setUp();
    attach();
    publisher.detach(lost);
    attach();
    const once = publish('once', { resend: false });
    publisher.confirmed(1, false, false);
    await expect(once).rejects.toMatchObject({ code: 'NACKED' });
    clock.advance(500);
    const late = publish('late');
    publisher.confirmed(2, false, false);
    await expect(late).rejects.toMatchObject({ code: 'NACKED' });
    expect(failures).toEqual(['once refused', 'once NACKED', 'late refused', 'late NACKED']);
  });

  it('soon after the channel came back are no end: the message is sent again, after longer and longer', async () => {
    const { publish, attach, publisher, clock, failures, outcomes } = setUp();
    attach();
    publisher.detach(lost);
    const channel = attach();
    publish('a');
    publisher.confirmed(1, false, false);
    expect(clock.next).toBe(50); // half of the bound, as the clock's chance is one half
    publish('b');
    clock.advance(50);
    expect(ids(channel)).toEqual(['a', 'b', 'a']);
    publisher.confirmed(3, false, false);
    expect(clock.next).toBe(100);
    clock.advance(100);
    publisher.confirmed(4, true, true);
    await settled();
    expect(outcomes).toEqual(['b confirmed', 'a confirmed']);
    expect(failures).toEqual(['a refused', 'a refused']);
    expect(clock.timers).toBe(0);
  });

  it('leave nothing behind where the publish expires, the channel is lost, or is closed meanwhile', async () => {
    const { publish, attach, publisher, clock, outcomes } = setUp({ maxBuffered: 2 });
    attach();
    publisher.detach(lost);
    attach();
    publish('expires', { timeout: 10 }).catch(() => undefined);
    publish('goes on');
    publisher.confirmed(2, true, false);
    await expect(publish('too many')).rejects.toMatchObject({ code: 'BUFFER_FULL' });
    clock.advance(10);
    publisher.detach(lost);
    clock.advance(40);
    const channel = attach();
    expect(ids(channel)).toEqual(['goes on']);
    publisher.confirmed(1, false, false);
    publisher.close(closed);
    await settled();
    expect(outcomes).toEqual(['too many BUFFER_FULL', 'expires NACKED', 'goes on NACKED']);
    expect(clock.timers).toBe(0);
    expect(await outcomeOf(publisher.drained())).toEqual({ value: undefined });
  });

  it('UNROUTABLE with the message that came back, when its confirm comes', async () => {
    const { publish, attach, publisher, outcomes } = setUp();
    attach();
    publish('a');
    const publishing = publish('b');
    expect(publisher.returned(wireReturn('b'))).toBe(true);
    await settled();
    expect(outcomes).toEqual([]);
    publisher.confirmed(2, true, true);
    await expect(publishing).rejects.toMatchObject({
      code: 'UNROUTABLE',
      returned: { messageId: 'b', replyCode: 312 },
    });
    expect(outcomes).toEqual(['a confirmed', 'b UNROUTABLE']);
  });

  it('says so where a message comes back that nobody waits for', () => {
    const { publish, attach, publisher } = setUp();
    attach();
    publish('a');
    expect(publisher.returned(wireReturn('other'))).toBe(false);
  });

  it('tells two messages of one id apart: each return is for one of them', async () => {
    const { publish, attach, publisher, outcomes } = setUp();
    attach();
    publish('same');
    publish('same');
    expect(publisher.returned(wireReturn('same'))).toBe(true);
    expect(publisher.returned(wireReturn('same'))).toBe(true);
    expect(publisher.returned(wireReturn('same'))).toBe(false);
    publisher.confirmed(2, true, true);
    await settled();
    expect(outcomes).toEqual(['same UNROUTABLE', 'same UNROUTABLE']);
  });
});

describe('bounds', () => {
  it('BUFFER_FULL beyond maxBuffered waiting messages, and room again once one was sent', async () => {
    const { publish, attach, publisher, outcomes } = setUp({ maxBuffered: 2, maxInFlight: 1 });
    attach();
    for (const id of ['in flight', 'a', 'b', 'c']) publish(id);
    await settled();
    expect(outcomes).toEqual(['c BUFFER_FULL']);
    publisher.confirmed(1, false, true);
    publish('d');
    await settled();
    expect(outcomes).toEqual(['c BUFFER_FULL', 'in flight confirmed']);
  });

  it('BUFFER_FULL beyond maxBufferedBytes, waiting and unconfirmed together', async () => {
    const { publish, attach, publisher, outcomes } = setUp({
      maxBufferedBytes: 100,
      maxInFlight: 1,
    });
    attach();
    publish('in flight', { size: 50 });
    publish('waiting', { size: 50 });
    publish('too much', { size: 1 });
    publish('empty', { size: 0 });
    await settled();
    expect(outcomes).toEqual(['too much BUFFER_FULL']);
    publisher.confirmed(1, false, true);
    publish('fits', { size: 50 });
    await settled();
    expect(outcomes).toEqual(['too much BUFFER_FULL', 'in flight confirmed']);
  });

  it('takes one message larger than maxBufferedBytes where nothing else waits', async () => {
    const { publish, attach, outcomes } = setUp({ maxBufferedBytes: 10 });
    const channel = attach();
    publish('large', { size: 500 });
    publish('small');
    await settled();
    expect(ids(channel)).toEqual(['large']);
    expect(outcomes).toEqual(['small BUFFER_FULL']);
  });

  it('leaves no timer and no bytes behind for what it refuses', async () => {
    const { publish, clock } = setUp({ maxBuffered: 1 });
    publish('a');
    for (let n = 0; n < 5; n++) publish('refused', { size: 900 }).catch(() => undefined);
    await settled();
    expect(clock.timers).toBe(1);
  });
});

describe('deadlines', () => {
  it('TIMEOUT for what is not confirmed in time, sent or not', async () => {
    const { publish, attach, clock, outcomes } = setUp({ maxInFlight: 1 });
    attach();
    const publishing = publish('sent', { timeout: 50 });
    publish('waiting', { timeout: 60 });
    clock.advance(49);
    await settled();
    expect(outcomes).toEqual([]);
    clock.advance(11);
    await expect(publishing).rejects.toMatchObject({
      code: 'TIMEOUT',
      operation: 'publish',
      timeout: 50,
    });
    expect(outcomes).toEqual(['sent TIMEOUT', 'waiting TIMEOUT']);
  });

  it('BLOCKED, with the timeout as the cause, while the broker blocks publishers', async () => {
    const { publish, attach, publisher, clock } = setUp();
    attach();
    publisher.block(true);
    const publishing = publish('a', { timeout: 50 });
    clock.advance(50);
    await expect(publishing).rejects.toMatchObject({
      code: 'BLOCKED',
      cause: { code: 'TIMEOUT', timeout: 50 },
    });
  });

  it('makes room for others, and is never sent, once it has expired waiting', async () => {
    const { publish, attach, clock, outcomes } = setUp({ maxBuffered: 1, maxBufferedBytes: 10 });
    publish('late', { timeout: 50, size: 10 });
    clock.advance(50);
    publish('next', { size: 10 });
    const channel = attach();
    await settled();
    expect(outcomes).toEqual(['late TIMEOUT']);
    expect(ids(channel)).toEqual(['next']);
  });

  it('keeps its place in the window until the broker answers, once it has expired in flight', async () => {
    const { publish, attach, publisher, clock, outcomes } = setUp({ maxInFlight: 1 });
    const channel = attach();
    publish('late', { timeout: 50 });
    publish('next');
    clock.advance(50);
    expect(ids(channel)).toEqual(['late']);
    publisher.confirmed(1, false, true);
    expect(ids(channel)).toEqual(['late', 'next']);
    await settled();
    expect(outcomes).toEqual(['late TIMEOUT']);
  });

  it('takes the timer back when the broker answers', () => {
    const { publish, attach, publisher, clock } = setUp();
    attach();
    publish('a');
    publisher.confirmed(1, false, true);
    expect(clock.timers).toBe(0);
  });
});

describe('losing the channel', () => {
  it('sends what was unconfirmed again, first and in order, as the very same messages', () => {
    const { publish, attach, publisher } = setUp({ maxInFlight: 3 });
    const before = attach();
    for (const id of ['a', 'b', 'c', 'd']) publish(id);
    publisher.confirmed(2, false, true);
    publisher.detach(lost);
    publish('e');
    const after = new FakeChannel();
    expect(publisher.attach(after, true)).toBe(3);
    publisher.confirmed(1, false, true);
    publisher.confirmed(2, false, true);
    expect(ids(after)).toEqual(['a', 'c', 'd', 'e']);
    expect(after.published[1]).toBe(before.published[2]);
  });

  it('forgets that a message came back on the channel that is gone', async () => {
    const { publish, attach, publisher, outcomes } = setUp();
    attach();
    publish('a');
    publisher.returned(wireReturn('a'));
    publisher.detach(lost);
    attach();
    publisher.confirmed(1, false, true);
    await settled();
    expect(outcomes).toEqual(['a confirmed']);
  });

  it('does not send again what has expired', async () => {
    const { publish, attach, publisher, clock } = setUp();
    attach();
    publish('late', { timeout: 50 }).catch(() => undefined);
    clock.advance(50);
    publisher.detach(lost);
    const after = new FakeChannel();
    expect(publisher.attach(after, true)).toBe(0);
    expect(ids(after)).toEqual([]);
  });

  it('with resend: false, says what the broker refused where only one can be meant, else UNCONFIRMED', async () => {
    const { publish, attach, publisher, outcomes } = setUp();
    const refused = new LeveretError('PRECONDITION_FAILED', 'too large');
    for (const ids of [['only'], ['one', 'other']]) {
      attach();
      for (const id of ids) publish(id, { resend: false });
      publisher.detach(lost, refused);
    }
    await settled();
    expect(outcomes).toEqual(['only PRECONDITION_FAILED', 'one UNCONFIRMED', 'other UNCONFIRMED']);
  });

  it('with resend: false, is UNCONFIRMED where another that is not confirmed may be meant: none larger than it, by size', async () => {
    const { publish, attach, publisher, outcomes } = setUp();
    for (const [id, size, code] of [
      ['small', 1, 'PRECONDITION_FAILED'],
      ['large', 9, 'PRECONDITION_FAILED'],
      ['routed', 9, 'ACCESS_REFUSED'],
    ] as const) {
      attach();
      publish('unwatched', { confirm: false, size: 5 });
      publish(id, { resend: false, size });
      publisher.detach(lost, new LeveretError(code, 'no'));
    }
    await settled();
    expect(outcomes.filter((outcome) => !outcome.startsWith('unwatched'))).toEqual([
      'small UNCONFIRMED',
      'large PRECONDITION_FAILED',
      'routed UNCONFIRMED',
    ]);
  });

  it('keeps what is published once the channel is known to end', async () => {
    const { publish, attach, publisher, outcomes } = setUp();
    const channel = attach();
    publisher.stop();
    for (const confirm of [true, false]) publish('later', { confirm });
    publish('once', { resend: false });
    publisher.detach(lost);
    await settled();
    expect([ids(channel), outcomes]).toEqual([[], ['once CONNECTION_LOST']]);
    expect(ids(attach())).toEqual(['later', 'later']);
  });

  it('with resend: false, is UNCONFIRMED for what was sent and CONNECTION_LOST for what was not', async () => {
    const { publish, attach, publisher, outcomes } = setUp({ maxInFlight: 1 });
    attach();
    const sent = publish('sent', { resend: false });
    const waiting = publish('waiting', { resend: false });
    publish('again');
    publisher.detach(lost);
    await expect(sent).rejects.toMatchObject({ code: 'UNCONFIRMED', cause: lost });
    await expect(waiting).rejects.toBe(lost);
    expect(ids(attach())).toEqual(['again']);
    expect(outcomes).toEqual(['sent UNCONFIRMED', 'waiting CONNECTION_LOST']);
  });

  it('shows what was sent and waits again, oldest first, and lets a culprit be settled', async () => {
    const { publish, attach, publisher, outcomes } = setUp({ maxInFlight: 3 });
    attach();
    for (const id of ['a', 'b', 'c', 'never sent']) publish(id);
    publisher.detach(lost);
    const suspects = publisher.pending();
    expect(suspects.map(({ message }) => message.messageId)).toEqual(['a', 'b', 'c']);
    suspects[1]?.settle(new LeveretError('EXCHANGE_NOT_FOUND', 'missing'));
    await settled();
    expect(outcomes).toEqual(['b EXCHANGE_NOT_FOUND']);
    expect(ids(attach())).toEqual(['a', 'c', 'never sent']);
  });
});

describe('a channel that answers nothing', () => {
  it('is told once all that may be in flight has expired, and what waits goes to the next', async () => {
    const { publish, attach, publisher, clock, failures } = setUp({ maxInFlight: 2 });
    attach();
    for (const [id, timeout] of [
      ['a', 50],
      ['b', 70],
      ['c', 1000],
    ] as const)
      publish(id, { timeout }).catch(() => undefined);
    clock.advance(50);
    expect(failures).toEqual(['a TIMEOUT']);
    clock.advance(20);
    expect(failures).toEqual(['a TIMEOUT', 'b TIMEOUT', 'channel TIMEOUT']);
    publisher.detach(lost);
    expect(ids(attach())).toEqual(['c']);
  });

  it('or that refuses everything is told, and the next one only after twice as long', () => {
    const { publish, attach, publisher, clock, failures } = setUp({ nackTimeout: 60_000 });
    /** Refuses everything on a channel, and tells for how long until somebody is told of it. */
    const refuse = (channel: FakeChannel): number => {
      const before = failures.length;
      let spent = 0;
      while (spent < 60_000 && !failures.slice(before).includes('channel NACKED')) {
        clock.advance(500);
        spent += 500;
        publisher.confirmed(channel.published.length, true, false);
      }
      return spent;
    };
    const renew = (): FakeChannel => {
      publisher.detach(lost);
      return attach();
    };
    attach();
    publish('a', { timeout: 600_000 }).catch(() => undefined);
    const first = refuse(renew());
    const second = refuse(renew());
    const third = refuse(renew());
    expect([first, second, third].map((ms) => Math.floor(ms / 2000))).toEqual([1, 2, 4]);
  });

  it('is told of a destination that refuses while others take', () => {
    const { attach, publisher, clock, failures } = setUp({ nackTimeout: 10_000 });
    attach();
    publisher.detach(lost);
    const channel = attach();
    const request = { timeout: 60_000, resend: true, confirm: true, rejectReturned: true };
    publisher
      .publish({ message: { ...wireMessage('stuck'), routingKey: 'stuck' }, ...request })
      .catch(() => undefined);
    for (let round = 0; round < 6; round++) {
      publisher.publish({ message: wireMessage('fine'), ...request });
      for (const [index, { messageId }] of channel.published.entries())
        publisher.confirmed(index + 1, false, messageId === 'fine');
      clock.advance(1000);
    }
    expect(failures.filter((what) => what.startsWith('channel'))).toEqual(['channel NACKED']);
  });

  it('is not told of one that has lasted, or a destination that takes some of what it gets', () => {
    const { publish, attach, publisher, clock, failures } = setUp({ nackTimeout: 10_000 });
    const request = { timeout: 60_000 };
    attach();
    publisher.detach(lost);
    attach();
    publish('full', request).catch(() => undefined);
    for (let tag = 1; tag <= 8; tag++) {
      publisher.confirmed(tag, false, tag % 2 === 0);
      publish('full', request).catch(() => undefined);
      clock.advance(500);
    }
    clock.advance(20_000);
    for (let tag = 9; tag < 30; tag++) {
      publish('late', request).catch(() => undefined);
      publisher.confirmed(tag, true, false);
      clock.advance(500);
    }
    expect(failures.filter((what) => what.startsWith('channel'))).toEqual([]);
  });

  it('is not told where there is room, or the broker blocks publishers', () => {
    const { publish, attach, publisher, clock, failures } = setUp({ maxInFlight: 2 });
    attach();
    publish('a', { timeout: 50 }).catch(() => undefined);
    clock.advance(50);
    publisher.block(true);
    publish('b', { timeout: 50 }).catch(() => undefined);
    clock.advance(50);
    expect(failures).toEqual(['a TIMEOUT', 'b BLOCKED']);
  });
});

describe('closing', () => {
  it('is UNCONFIRMED for what was sent, the cause for what was not, and CLOSED for what comes later', async () => {
    const { publish, attach, publisher, clock, outcomes } = setUp({ maxInFlight: 1 });
    attach();
    const sent = publish('sent');
    const waiting = publish('waiting');
    publisher.close(closed);
    await expect(sent).rejects.toMatchObject({ code: 'UNCONFIRMED', cause: closed });
    await expect(waiting).rejects.toBe(closed);
    await expect(publish('later')).rejects.toBe(closed);
    expect(outcomes).toHaveLength(3);
    expect(clock.timers).toBe(0);
  });

  it('is UNCONFIRMED also for what was sent on a channel before and waits to be sent again', async () => {
    const { publish, attach, publisher } = setUp();
    attach();
    const sent = publish('sent');
    publisher.detach(lost);
    const waiting = publish('waiting');
    publisher.close(closed);
    await expect(sent).rejects.toMatchObject({ code: 'UNCONFIRMED', cause: closed });
    await expect(waiting).rejects.toBe(closed);
  });

  it('is drained once the broker has answered everything', async () => {
    const { publish, attach, publisher } = setUp({ maxInFlight: 1 });
    await publisher.drained();
    attach();
    publish('a');
    publish('b');
    const drained = publisher.drained();
    publisher.confirmed(1, false, true);
    expect(await outcomeOf(drained)).toBe('pending');
    publisher.confirmed(2, false, true);
    await drained;
  });
});

describe('under any sequence of publishes, answers, losses and time', () => {
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('publish' as const),
        size: fc.integer({ min: 0, max: 40 }),
        timeout: fc.integer({ min: 1, max: 60 }),
        resend: fc.boolean(),
        confirm: fc.boolean(),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('answer' as const),
        which: fc.nat(),
        multiple: fc.boolean(),
        ok: fc.boolean(),
        returned: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('attach', 'detach') }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('wait' as const),
        ms: fc.integer({ min: 1, max: 30 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constantFrom('block', 'unblock', 'congest', 'flow') }),
    },
  );
  const limits = { maxInFlight: 3, maxBuffered: 5, maxBufferedBytes: 100, nackTimeout: 0 };

  it('each publish settles once, for a true reason; order and bounds hold; nothing is left over', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { clock, publisher, outcomes, publish } = setUp(limits);
        /** What is true of each publish, beside its own options. */
        const facts = new Map<string, Set<string>>();
        const note = (id: string, fact: string) => facts.get(id)?.add(fact);
        let count = 0;
        let channel: FakeChannel | undefined;
        /** Tags of the present channel without an answer; what wants none is answered at once. */
        let unanswered: number[] = [];
        let seen = 0;
        const wantsConfirm = new Set<string>();
        const look = (): void => {
          if (!channel) return;
          const sent = ids(channel);
          for (; seen < sent.length; seen++) {
            const id = sent[seen] ?? '';
            note(id, 'sent');
            if (wantsConfirm.has(id)) unanswered.push(seen + 1);
            else note(id, 'ok');
          }
          expect(sent.map(Number)).toEqual(sent.map(Number).sort((a, b) => a - b));
          expect(new Set(sent).size).toBe(sent.length);
          expect(unanswered.length).toBeLessThanOrEqual(limits.maxInFlight);
        };
        const answer = (tag: number, multiple: boolean, ok: boolean, returned: boolean): void => {
          const covered = unanswered.filter((each) => (multiple ? each <= tag : each === tag));
          unanswered = unanswered.filter((each) => !covered.includes(each));
          for (const each of covered) {
            const id = channel?.published[each - 1]?.messageId ?? '';
            if (returned && publisher.returned(wireReturn(id))) note(id, 'returned');
            else note(id, ok ? 'ok' : 'nacked');
            if (!ok) note(id, 'nacked');
          }
          publisher.confirmed(tag, multiple, ok);
        };
        const attach = (): void => {
          if (channel) return;
          channel = new FakeChannel();
          seen = 0;
          unanswered = [];
          publisher.attach(channel, true);
        };
        for (const each of steps) {
          switch (each.kind) {
            case 'publish': {
              const id = String(count++);
              const { size, timeout, resend, confirm } = each;
              facts.set(id, new Set([resend ? 'resend' : 'once', `due ${clock.now() + timeout}`]));
              if (confirm) wantsConfirm.add(id);
              publish(id, { size, timeout, resend, confirm }).catch(() => undefined);
              break;
            }
            case 'answer': {
              if (unanswered.length === 0) break;
              const tag = unanswered[each.which % unanswered.length] ?? 0;
              answer(tag, each.multiple, each.ok, each.returned);
              break;
            }
            case 'attach':
              attach();
              break;
            case 'detach':
              if (!channel) break;
              publisher.detach(lost);
              channel = undefined;
              for (const set of facts.values()) set.add(set.has('sent') ? 'lost sent' : 'lost');
              break;
            case 'wait':
              clock.advance(each.ms);
              for (const set of facts.values())
                for (const fact of set)
                  if (fact.startsWith('due ') && Number(fact.slice(4)) <= clock.now())
                    set.add('late');
              break;
            case 'congest':
            case 'flow':
              if (channel) channel.congested = each.kind === 'congest';
              publisher.pump();
              break;
            default:
              publisher.block(each.kind === 'block');
          }
          look();
        }
        publisher.block(false);
        attach();
        if (channel) channel.congested = false;
        publisher.pump();
        for (look(); unanswered.length > 0; look())
          answer(unanswered.at(-1) ?? 0, true, true, false);
        await publisher.drained();
        await settled();

        expect(outcomes.map((line) => Number(line.split(' ')[0])).sort((a, b) => a - b)).toEqual(
          Array.from({ length: count }, (_, index) => index),
        );
        for (const line of outcomes) {
          const [id = '', outcome] = line.split(' ');
          const isTrue = (...names: string[]): void => {
            expect([line, names.every((name) => facts.get(id)?.has(name))]).toEqual([line, true]);
          };
          if (outcome === 'confirmed') isTrue('ok');
          else if (outcome === 'NACKED') isTrue('nacked');
          else if (outcome === 'UNROUTABLE') isTrue('returned');
          else if (outcome === 'TIMEOUT' || outcome === 'BLOCKED') isTrue('late');
          else if (outcome === 'UNCONFIRMED') isTrue('once', 'lost sent');
          else if (outcome === 'CONNECTION_LOST') isTrue('once', 'lost');
          else expect(outcome).toBe('BUFFER_FULL');
        }
        expect(clock.timers).toBe(0);
        // Were a single byte still counted, there would be no room for this.
        publish('last', { size: limits.maxBufferedBytes });
        expect(channel && ids(channel).at(-1)).toBe('last');
      }),
      { numRuns: 200 },
    );
  });
});
