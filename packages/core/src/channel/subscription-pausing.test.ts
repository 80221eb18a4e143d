import { describe, expect, it } from 'vitest';
import { LeveretError } from '../errors/leveret-error.ts';
import { deferred } from '../internal/deferred.ts';
import { outcomeOf } from '../internal/fake-clock.fixture.ts';
import { Deliveries } from './deliveries.ts';
import { FakeChannel } from './fake-channel.fixture.ts';
import { lost, setUp } from './subscription.fixture.ts';

/** A consumer that is being started on a channel which answers when the test says so. */
function setUpStarting() {
  const all = setUp();
  const channel = new FakeChannel();
  const deliveries = new Deliveries(channel, all.clock, () => undefined);
  const answer = deferred<void>();
  channel.answer = () => answer.promise;
  return { ...all, channel, deliveries, answer };
}

describe('pausing', () => {
  it('gives back what no handler took once the broker has cancelled, and waits for no handler', async () => {
    const { start, subscription, taken, tags, finish, clock } = setUp({ concurrency: 1 });
    const { channel, settlements } = await start();
    for (const tag of [1, 2]) channel.deliver(tag);
    const answer = deferred<void>();
    channel.answer = () => answer.promise;
    const pausing = subscription.pause(1000);
    channel.deliver(3);
    await finish(1);
    expect(settlements()).toEqual([]);
    expect(subscription.status).toMatchObject({ state: 'paused', inHand: 0, waiting: 2 });
    answer.resolve();
    await pausing;
    expect(settlements()).toEqual(['nack 2 requeue', 'nack 3 requeue']);
    expect(tags()).toEqual([1]);
    expect(subscription.tag).toBeUndefined();
    taken[0]?.ack();
    expect(settlements()).toContain('ack 1');
    expect(clock.timers).toBe(0);
  });

  it('leaves a handler in hand alone, which may settle its message afterwards', async () => {
    const { start, subscription, taken } = setUp();
    const { channel, settlements } = await start();
    channel.deliver(1);
    await subscription.pause(1000);
    expect(subscription.status).toMatchObject({ state: 'paused', inHand: 1 });
    expect(taken[0]?.signal.aborted).toBe(false);
    taken[0]?.ack();
    expect(settlements()).toEqual(['ack 1']);
  });

  it('cancels once, however often it is asked for', async () => {
    const { start, subscription } = setUp();
    const { channel } = await start();
    await Promise.all([subscription.pause(1000), subscription.pause(1000)]);
    await subscription.pause(1000);
    expect(channel.log.filter((line) => line.startsWith('cancel'))).toEqual(['cancel ctag-1']);
  });

  it('waits for a silent broker for so long only, and gives back what still comes', async () => {
    const { start, subscription, clock, tags } = setUp();
    const { channel, settlements } = await start();
    channel.answer = () => new Promise(() => {});
    const pausing = subscription.pause(1000);
    channel.deliver(1);
    clock.advance(999);
    expect(await outcomeOf(pausing)).toBe('pending');
    clock.advance(1);
    await pausing;
    channel.deliver(2);
    expect(settlements()).toEqual(['nack 1 requeue', 'nack 2 requeue']);
    expect(tags()).toEqual([]);
    expect(subscription.status).toMatchObject({ state: 'paused', waiting: 0 });
  });

  it('cancels what was being started meanwhile', async () => {
    const { subscription, channel, deliveries, answer } = setUpStarting();
    const starting = subscription.start(channel, deliveries);
    const pausing = subscription.pause(1000);
    expect(await outcomeOf(pausing)).toBe('pending');
    answer.resolve();
    await Promise.all([starting, pausing]);
    expect(channel.log.at(-1)).toBe('cancel ctag-1');
    expect(subscription.status.state).toBe('paused');
  });

  it('holds over the loss of the channel, which aborts what is in hand, and is not started by a recovery', async () => {
    const { start, subscription, taken } = setUp();
    const { channel } = await start();
    channel.deliver(1);
    await subscription.pause(1000);
    subscription.lose(lost);
    expect(taken[0]?.signal.reason).toBe(lost);
    const after = await start();
    expect(after.channel.log).toEqual([]);
    expect(subscription.status.state).toBe('paused');
  });

  it('holds where the channel is lost, or the broker cancels, before it has answered', async () => {
    const { start, subscription } = setUp();
    const { channel } = await start();
    const answer = deferred<void>();
    channel.answer = () => answer.promise;
    const pausing = subscription.pause(1000);
    subscription.cancelled();
    subscription.lose(lost);
    answer.reject(lost);
    await pausing;
    await start();
    expect(subscription.status.state).toBe('paused');
  });

  it('gives back what waits of a consumer that the broker cancelled', async () => {
    const { start, subscription } = setUp({ concurrency: 1 });
    const { channel, settlements } = await start();
    for (const tag of [1, 2]) channel.deliver(tag);
    subscription.cancelled();
    await subscription.pause(1000);
    expect(settlements()).toEqual(['nack 2 requeue']);
    expect(channel.log).not.toContain('cancel ctag-1');
  });

  it('leaves stopping and its end as they are', async () => {
    const { start, subscription, finish } = setUp();
    const { channel } = await start();
    channel.deliver(1);
    const { done } = subscription.stop(1000);
    await subscription.pause(1000);
    expect(subscription.status.state).toBe('closing');
    await finish(1);
    await done;
    await subscription.pause(1000);
    expect(subscription.status.state).toBe('closed');
  });
});

describe('stopping one that is paused', () => {
  it('waits for the handlers in hand', async () => {
    const { start, subscription, finish, drained } = setUp();
    const { channel } = await start();
    channel.deliver(1);
    await subscription.pause(1000);
    const { done } = subscription.stop(1000);
    expect(await outcomeOf(done)).toBe('pending');
    await finish(1);
    await done;
    expect(drained).toEqual([{ queue: 'tasks', duration: 0, aborted: 0 }]);
    expect(channel.log.filter((line) => line.startsWith('cancel'))).toHaveLength(1);
  });

  it('waits for a pause that is under way', async () => {
    const { start, subscription } = setUp({ concurrency: 1 });
    const { channel, settlements } = await start();
    for (const tag of [1, 2]) channel.deliver(tag);
    const answer = deferred<void>();
    channel.answer = () => answer.promise;
    const pausing = subscription.pause(1000);
    const { cancelled } = subscription.stop(1000);
    expect(await outcomeOf(cancelled)).toBe('pending');
    answer.resolve();
    await Promise.all([pausing, cancelled]);
    expect(settlements()).toEqual(['nack 2 requeue']);
    expect(subscription.status.state).toBe('closing');
  });
});

describe('resuming', () => {
  it('consumes again on the channel that there is', async () => {
    const { start, subscription, tags } = setUp();
    const { channel, deliveries } = await start();
    await subscription.pause(1000);
    await subscription.resume(channel, deliveries);
    expect(subscription.status.state).toBe('consuming');
    expect(subscription.tag).toBe('ctag-2');
    channel.deliver(1);
    expect(tags()).toEqual([1]);
  });

  it('does nothing where it is not paused', async () => {
    const { start, subscription } = setUp();
    const { channel, deliveries } = await start();
    channel.log.length = 0;
    await subscription.resume(channel, deliveries);
    subscription.lose(lost);
    await subscription.resume(channel, deliveries);
    subscription.end(undefined);
    await subscription.resume(channel, deliveries);
    expect(channel.log).toEqual([]);
  });

  it.each([
    { how: 'is refused', lose: false },
    { how: 'loses its channel', lose: true },
  ])('leaves it paused where it $how', async ({ lose }) => {
    const { subscription, channel, deliveries, answer, start } = setUpStarting();
    await subscription.pause(1000);
    const resuming = subscription.resume(channel, deliveries);
    expect(subscription.status.state).toBe('recovering');
    if (lose) subscription.lose(lost);
    const refused = new LeveretError('NOT_FOUND', 'no queue');
    answer.reject(refused);
    await expect(resuming).rejects.toBe(refused);
    expect(subscription.status.state).toBe('paused');
    expect((await start()).channel.log).toEqual([]);
  });
});

describe('changing the concurrency', () => {
  it('up starts what waits at once, in order', async () => {
    const { start, subscription, tags } = setUp({ concurrency: 1 });
    const { channel } = await start();
    for (const tag of [1, 2, 3, 4]) channel.deliver(tag);
    subscription.concurrency = 3;
    expect(tags()).toEqual([1, 2, 3]);
    expect(subscription.status).toMatchObject({ inHand: 3, waiting: 1, concurrency: 3 });
    subscription.concurrency = Number.POSITIVE_INFINITY;
    expect(tags()).toEqual([1, 2, 3, 4]);
  });

  it('down lets the handlers in hand end before the next starts', async () => {
    const { start, subscription, tags, finish } = setUp({ concurrency: 2 });
    const { channel } = await start();
    for (const tag of [1, 2, 3, 4]) channel.deliver(tag);
    subscription.concurrency = 1;
    await finish(1);
    expect(tags()).toEqual([1, 2]);
    await finish(2);
    expect(tags()).toEqual([1, 2, 3]);
  });

  it('to 0 holds deliveries, as many as the prefetch allows', async () => {
    const { start, subscription, tags } = setUp({ prefetch: 2 });
    const { channel, settlements } = await start();
    subscription.concurrency = 0;
    for (const tag of [1, 2, 3]) channel.deliver(tag);
    expect(tags()).toEqual([]);
    expect(subscription.status).toMatchObject({ state: 'consuming', inHand: 0, waiting: 2 });
    expect(settlements()).toEqual(['nack 3 requeue']);
    subscription.concurrency = 1;
    expect(tags()).toEqual([1]);
  });

  it('starts nothing of one that is pausing or stopping', async () => {
    const { start, subscription, tags } = setUp({ concurrency: 1 });
    const { channel } = await start();
    for (const tag of [1, 2]) channel.deliver(tag);
    const pausing = subscription.pause(1000);
    subscription.concurrency = 5;
    await pausing;
    subscription.stop(1000);
    subscription.concurrency = 6;
    expect(tags()).toEqual([1]);
  });

  it('by a handler that returns no promise holds from the next message on', async () => {
    const seen: number[] = [];
    const { start, subscription } = setUp({ concurrency: 1 }, ({ deliveryTag }) => {
      seen.push(deliveryTag);
      subscription.concurrency = 0;
    });
    const { channel } = await start();
    for (const tag of [1, 2]) channel.deliver(tag);
    expect(seen).toEqual([1]);
    subscription.concurrency = 1;
    expect(seen).toEqual([1, 2]);
  });
});
