import { describe, expect, it } from 'vitest';
import { deferred, ignore } from '../internal/deferred.ts';
import { outcomeOf, settled } from '../internal/fake-clock.fixture.ts';
import { Deliveries } from './deliveries.ts';
import { FakeChannel } from './fake-channel.fixture.ts';
import { lost, setUp } from './subscription.fixture.ts';

describe('a broker that sends more than the prefetch', () => {
  it('gets it back, so that it fills no memory', async () => {
    const { start, tags } = setUp({ prefetch: 2, concurrency: 1 });
    const { channel, settlements } = await start();
    for (const tag of [1, 2, 3, 4, 5]) channel.deliver(tag);
    expect(tags()).toEqual([1]);
    expect(settlements()).toEqual(['nack 4 requeue', 'nack 5 requeue']);
  });
});

describe('starting', () => {
  it('sets the prefetch before it consumes', async () => {
    const { start, subscription } = setUp({ prefetch: 7 });
    expect(subscription.tag).toBeUndefined();
    const { channel } = await start();
    expect(channel.log).toEqual(['qos 7', 'consume tasks']);
    expect(subscription.tag).toBe('ctag-1');
  });

  it.each([
    { prefetch: 7, shared: 0, asked: ['qos 7'] },
    { prefetch: 0, shared: 0, asked: [] },
    { prefetch: 7, shared: 5, asked: [] },
    { prefetch: 0, shared: 5, asked: [] },
    { prefetch: 3, shared: 5, asked: ['qos 3', 'qos 5 global'] },
  ])(
    'with a prefetch of $prefetch and $shared shared by the channel asks for $asked',
    async (row) => {
      const { subscription, clock } = setUp({ prefetch: row.prefetch });
      const channel = new FakeChannel();
      const deliveries = new Deliveries(channel, clock, () => undefined);
      await subscription.start(channel, deliveries, row.shared);
      expect(channel.log).toEqual([...row.asked, 'consume tasks']);
      channel.log.length = 0;
      const other = setUp({ prefetch: row.prefetch }).subscription;
      await other.start(channel, deliveries, row.shared);
      expect(channel.log).toEqual(['consume tasks']); // the bound of the last one holds for this one too
    },
  );

  it('consumes by the present name of the queue', async () => {
    const queue = { name: 'amq.gen-1' };
    const { start } = setUp({ queue });
    queue.name = 'amq.gen-2';
    const { channel } = await start();
    expect(channel.log).toContain('consume amq.gen-2');
  });

  it('handles deliveries that come early once whoever started it has been told, in their order', async () => {
    const { subscription, tags, clock } = setUp();
    const channel = new FakeChannel();
    const answer = deferred<void>();
    channel.answer = () => answer.promise;
    const starting = subscription.start(channel, new Deliveries(channel, clock, () => undefined));
    channel.deliver(1);
    answer.resolve();
    await starting;
    channel.deliver(2);
    expect(tags()).toEqual([]);
    clock.endTurn();
    expect(tags()).toEqual([1, 2]);
    channel.deliver(3);
    expect(tags()).toEqual([1, 2, 3]);
  });

  it('cancels at once where it ended while it was starting', async () => {
    const { subscription, clock } = setUp();
    const channel = new FakeChannel();
    const answer = deferred<void>();
    channel.answer = () => answer.promise;
    const starting = subscription.start(channel, new Deliveries(channel, clock, () => undefined));
    const { done } = subscription.stop(1000);
    answer.resolve();
    await starting;
    await done;
    expect(channel.log).toContain('cancel ctag-1');
    expect(subscription.tag).toBeUndefined();
  });
});

describe('concurrency', () => {
  it('runs as many handlers as it allows and the next as soon as one ends, in order', async () => {
    const { start, tags, finish } = setUp({ concurrency: 2 });
    const { channel } = await start();
    for (const tag of [1, 2, 3, 4, 5]) channel.deliver(tag);
    expect(tags()).toEqual([1, 2]);
    await finish(2);
    expect(tags()).toEqual([1, 2, 3]);
    await finish(1);
    await finish(3);
    expect(tags()).toEqual([1, 2, 3, 4, 5]);
  });

  it('is without bound by default', async () => {
    const { start, tags } = setUp();
    const { channel } = await start();
    for (const tag of [1, 2, 3]) channel.deliver(tag);
    expect(tags()).toEqual([1, 2, 3]);
  });

  it('counts a handler that returns no promise as ended', async () => {
    const seen: number[] = [];
    const { start } = setUp({ concurrency: 1 }, ({ deliveryTag }) => seen.push(deliveryTag));
    const { channel } = await start();
    for (const tag of [1, 2, 3]) channel.deliver(tag);
    expect(seen).toEqual([1, 2, 3]);
  });
});

describe('a handler that fails', () => {
  const boom = new Error('boom');

  it.each([
    {
      how: 'throws',
      handler: () => {
        throw boom;
      },
    },
    { how: 'rejects', handler: () => Promise.reject(boom) },
  ])('puts its message back by reject, and is reported, where it $how', async ({ handler }) => {
    const { start, failures } = setUp({ concurrency: 1 }, handler);
    const { channel, settlements } = await start();
    channel.deliver(1);
    await settled();
    expect(settlements()).toEqual(['reject 1 requeue']);
    expect(failures).toEqual([expect.objectContaining({ code: 'HANDLER_FAILED', cause: boom })]);
    channel.deliver(2);
    await settled();
    expect(failures).toHaveLength(2);
  });

  it('is reported only, where it had settled the message', async () => {
    const { start, failures } = setUp({}, (message) => {
      message.ack();
      throw boom;
    });
    const { channel, settlements } = await start();
    channel.deliver(1);
    expect(settlements()).toEqual(['ack 1']);
    expect(failures).toHaveLength(1);
  });

  it('lets the next message in', async () => {
    let calls = 0;
    const { start } = setUp({ concurrency: 1 }, async () => {
      calls++;
      await Promise.resolve();
      throw boom;
    });
    const { channel } = await start();
    channel.deliver(1);
    channel.deliver(2);
    await settled();
    expect(calls).toBe(2);
  });
});

describe('draining', () => {
  it('gives back by nack what no handler took once the broker has cancelled it, and waits for the handlers in hand', async () => {
    const { start, subscription, taken, finish, clock } = setUp({ concurrency: 1 });
    const { channel, settlements } = await start();
    for (const tag of [1, 2, 3]) channel.deliver(tag);
    const drained = subscription.stop(1000).done;
    expect(settlements()).toEqual([]);
    expect(await outcomeOf(drained)).toBe('pending');
    expect(channel.log).toContain('cancel ctag-1');
    expect(settlements()).toEqual(['nack 2 requeue', 'nack 3 requeue']);
    taken[0]?.ack();
    await finish(1);
    await drained;
    expect(settlements()).toEqual(['nack 2 requeue', 'nack 3 requeue', 'ack 1']);
    expect(taken[0]?.signal.aborted).toBe(false);
    expect(await subscription.ended).toBeUndefined();
    expect(clock.timers).toBe(0);
  });

  it('gives back what is delivered meanwhile and after it', async () => {
    const { start, subscription, tags, finish } = setUp();
    const { channel, settlements } = await start();
    channel.deliver(1);
    const drained = subscription.stop(1000).done;
    channel.deliver(2);
    await finish(1);
    await drained;
    channel.deliver(3);
    expect(tags()).toEqual([1]);
    expect(settlements()).toEqual(['nack 2 requeue', 'nack 3 requeue']);
  });

  it('gives back also what comes once the broker was waited for in vain', async () => {
    const { start, subscription, clock, finish } = setUp();
    const { channel, settlements } = await start();
    channel.answer = () => new Promise<void>(ignore);
    channel.deliver(1);
    const drained = subscription.stop(100).done;
    clock.advance(100);
    await settled();
    channel.deliver(2);
    await finish(1);
    await drained;
    expect(settlements()).toEqual(['nack 2 requeue']);
  });

  it('aborts handlers that have not ended after drainTimeout, and puts their messages back', async () => {
    const { start, subscription, taken, clock, drained } = setUp({ drainTimeout: 500 });
    const { channel, settlements } = await start();
    channel.deliver(1);
    channel.deliver(2);
    taken[1]?.ack();
    const { done } = subscription.stop(1000);
    clock.advance(499);
    expect(await outcomeOf(done)).toBe('pending');
    expect(taken[0]?.signal.aborted).toBe(false);
    clock.advance(1);
    await done;
    expect(drained).toEqual([{ queue: 'tasks', duration: 500, aborted: 2 }]);
    expect(taken[0]?.signal.reason).toMatchObject({ code: 'CLOSED' });
    expect(taken[1]?.signal.aborted).toBe(true);
    expect(settlements().sort()).toEqual(['ack 2', 'nack 1 requeue']);
  });

  it('sends nothing for deliveries that need no acknowledgement', async () => {
    const { start, subscription } = setUp({ concurrency: 1, noAck: true, drainTimeout: 1 });
    const { channel, settlements } = await start();
    channel.deliver(1);
    channel.deliver(2);
    subscription.stop(1000).done;
    expect(settlements()).toEqual([]);
  });

  it('ends at once where nothing is in hand, and twice is harmless', async () => {
    const { start, subscription } = setUp();
    await start();
    await subscription.stop(1000).done;
    await subscription.stop(1000).done;
    expect(await subscription.ended).toBeUndefined();
  });
});

describe('losing the channel', () => {
  it('drops what no handler took, aborts what is in hand, and starts again beside a hung handler', async () => {
    const { start, subscription, taken, tags, finish } = setUp({ concurrency: 2 });
    const before = await start();
    for (const tag of [1, 2, 3]) before.channel.deliver(tag);
    before.deliveries.lose(lost);
    subscription.lose(lost);
    expect(subscription.tag).toBeUndefined();
    expect(taken[0]?.signal.reason).toBe(lost);
    const after = await start();
    expect(subscription.tag).toBe('ctag-1');
    after.channel.deliver(1);
    // Both places are still taken by handlers that do not heed their signal.
    expect(tags()).toEqual([1, 2]);
    await finish(2);
    // What was buffered from the last channel is gone; the place goes to what the next one brought.
    expect(tags()).toEqual([1, 2, 1]);
    expect(before.settlements()).toEqual([]);
  });

  it('runs what the next channel brings, while a handler of the last one hangs', async () => {
    const { start, subscription, taken, finish, skipped } = setUp();
    const before = await start();
    before.channel.deliver(1);
    before.deliveries.lose(lost);
    subscription.lose(lost);
    const after = await start();
    after.channel.deliver(1);
    expect(taken).toHaveLength(2);
    taken[0]?.ack();
    taken[1]?.ack();
    await finish(1);
    expect(before.settlements()).toEqual([]);
    expect(skipped).toEqual([1]);
    expect(after.settlements()).toEqual(['ack 1']);
  });

  it('gives its places back when handlers of the last channel end', async () => {
    const { start, subscription, taken, finish } = setUp({ concurrency: 1 });
    const before = await start();
    before.channel.deliver(1);
    subscription.lose(lost);
    const after = await start();
    after.channel.deliver(9);
    expect(taken).toHaveLength(1);
    await finish(1);
    expect(taken.map(({ deliveryTag }) => deliveryTag)).toEqual([1, 9]);
  });
});

describe('ending', () => {
  it('tells the cause where nobody asked for it, once', async () => {
    const { start, subscription, taken } = setUp();
    const { channel } = await start();
    channel.deliver(1);
    subscription.end(lost);
    subscription.end(undefined);
    expect(await subscription.ended).toBe(lost);
    expect(taken[0]?.signal.reason).toBe(lost);
    expect(subscription.tag).toBeUndefined();
  });

  it('leaves deliveries in hand good where the broker cancelled the consumer', async () => {
    const { start, subscription, taken } = setUp();
    const { channel, settlements } = await start();
    channel.deliver(1);
    subscription.cancelled();
    expect(subscription.tag).toBeUndefined();
    expect(taken[0]?.signal.aborted).toBe(false);
    taken[0]?.ack();
    expect(settlements()).toEqual(['ack 1']);
  });

  it('keeps what needs no acknowledgement where the broker cancelled the consumer', async () => {
    const { start, subscription, tags, finish } = setUp({ concurrency: 1, noAck: true });
    const { channel } = await start();
    for (const tag of [1, 2]) channel.deliver(tag);
    subscription.cancelled();
    await finish(1);
    expect(tags()).toEqual([1, 2]);
  });

  it('gives back what no handler took where the broker cancelled the consumer, once: the next takes its own', async () => {
    const { start, subscription } = setUp({ concurrency: 1, prefetch: 3 });
    const { channel, deliveries, settlements } = await start();
    for (const tag of [1, 2, 3]) channel.deliver(tag);
    subscription.cancelled();
    expect(settlements()).toEqual(['nack 2 requeue', 'nack 3 requeue']);
    await subscription.start(channel, deliveries);
    for (const tag of [4, 5]) channel.deliver(tag);
    expect(subscription.status).toMatchObject({ inHand: 1, waiting: 2 });
    expect(settlements()).toEqual(['nack 2 requeue', 'nack 3 requeue']);
  });
});
