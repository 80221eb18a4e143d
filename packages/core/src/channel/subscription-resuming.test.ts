// What the consumers of a channel make of requests to pause and resume one, over channels that come and go.
import { describe, expect, it } from 'vitest';
import { LeveretError } from '../errors/leveret-error.ts';
import { deferred } from '../internal/deferred.ts';
import { outcomeOf, settled } from '../internal/fake-clock.fixture.ts';
import { TopologyLedger } from '../topology/ledger.ts';
import { Consumers } from './consumers.ts';
import { Deliveries } from './deliveries.ts';
import { FakeChannel } from './fake-channel.fixture.ts';
import { type Live, Requests } from './requests.ts';
import { lost, setUp } from './subscription.fixture.ts';

/** A consumer on a channel that the test takes away and brings back. */
async function setUpConsumers() {
  const { clock, subscription } = setUp();
  let live: Live | undefined;
  const cancellations: string[] = [];
  const requests = new Requests({
    clock,
    operationTimeout: 1000,
    live: () => live,
    closed: () => undefined,
    cause: () => lost,
    unanswered: () => lose(),
  });
  /** The channel beside the others, on which queues are checked. */
  const beside = new FakeChannel();
  const consumers = new Consumers({
    closeTimeout: 100,
    ledger: new TopologyLedger(),
    operation: (name, run, options) => requests.make(name, run, options),
    aside: (name, use) => requests.make(name, () => use(beside), { aside: true }),
    cancelled: (queue) => cancellations.push(queue),
  });
  const lose = (): void => {
    live = undefined;
    consumers.lose(lost);
    requests.goOn();
  };
  /** Another channel, on which a recovery starts what runs. */
  const recover = async (answer = () => Promise.resolve()): Promise<FakeChannel> => {
    const channel = new FakeChannel();
    channel.answer = answer;
    const deliveries = new Deliveries(channel, clock, () => undefined);
    for (const each of consumers.running) await each.start(channel, deliveries);
    const replayed = { exchanges: 0, queues: 0, bindings: 0, consumers: 0 };
    live = { channel, deliveries, confirms: false, replayed };
    requests.goOn();
    return channel;
  };
  const channel = await recover();
  await consumers.subscribe(subscription, () => undefined);
  const state = () => subscription.status.state;
  return { clock, subscription, consumers, channel, beside, lose, recover, state };
}

const refused = new LeveretError('NOT_FOUND', 'no queue');
const started = (channel: FakeChannel): number =>
  channel.log.filter((line) => line.startsWith('consume')).length;

describe('resuming', () => {
  it('waits for the channel, and a recovery does not come first', async () => {
    const { consumers, subscription, lose, recover, state } = await setUpConsumers();
    await consumers.pause(subscription);
    lose();
    const resuming = consumers.resume(subscription);
    expect(await outcomeOf(resuming)).toBe('pending');
    expect(state()).toBe('paused');
    const channel = await recover();
    expect(started(channel)).toBe(0);
    await resuming;
    expect(started(channel)).toBe(1);
    expect(state()).toBe('consuming');
  });

  it('asks the broker once for all who ask at once, and tells all of them that it refused', async () => {
    const { consumers, subscription, channel, state } = await setUpConsumers();
    await consumers.pause(subscription);
    const answer = deferred<void>();
    channel.answer = () => answer.promise;
    const first = consumers.resume(subscription);
    await settled();
    const second = consumers.resume(subscription);
    expect(await outcomeOf(second)).toBe('pending');
    answer.reject(refused);
    await expect(first).rejects.toBe(refused);
    await expect(second).rejects.toBe(refused);
    expect(started(channel)).toBe(2); // the subscription itself was the first
    expect(state()).toBe('paused');
  });

  it('can be tried again after it failed', async () => {
    const { consumers, subscription, channel, state } = await setUpConsumers();
    await consumers.pause(subscription);
    channel.answer = () => Promise.reject(refused);
    await expect(consumers.resume(subscription)).rejects.toBe(refused);
    channel.answer = () => Promise.resolve();
    await consumers.resume(subscription);
    expect(state()).toBe('consuming');
  });

  it('that no channel comes for is TIMEOUT and leaves it paused', async () => {
    const { consumers, subscription, clock, lose, recover, state } = await setUpConsumers();
    await consumers.pause(subscription);
    lose();
    const resuming = consumers.resume(subscription);
    await settled();
    clock.advance(1000);
    await expect(resuming).rejects.toMatchObject({ code: 'TIMEOUT', operation: 'basic.consume' });
    await recover();
    expect(state()).toBe('paused');
  });

  it('of one that only recovers does not pause it where it times out', async () => {
    const { consumers, subscription, clock, lose, recover, state } = await setUpConsumers();
    lose();
    const resuming = consumers.resume(subscription);
    await settled();
    clock.advance(1000);
    await expect(resuming).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(state()).toBe('recovering');
    await recover();
    expect(state()).toBe('consuming');
  });

  it('that the broker does not answer leaves it paused on the next channel', async () => {
    const { consumers, subscription, clock, channel, recover, state } = await setUpConsumers();
    await consumers.pause(subscription);
    channel.answer = () => new Promise(() => {});
    const resuming = consumers.resume(subscription);
    await settled();
    clock.advance(1000);
    await expect(resuming).rejects.toMatchObject({ code: 'TIMEOUT', operation: 'basic.consume' });
    expect(started(await recover())).toBe(0);
    expect(state()).toBe('paused');
  });

  it('is asked again on the next channel where it loses its own', async () => {
    const { consumers, subscription, clock, channel, lose, recover, state } =
      await setUpConsumers();
    await consumers.pause(subscription);
    const answer = deferred<void>();
    channel.answer = () => answer.promise;
    const resuming = consumers.resume(subscription);
    await settled();
    lose();
    answer.reject(lost);
    await settled();
    clock.endTurn();
    await recover();
    await resuming;
    expect(state()).toBe('consuming');
  });
});

describe('the one asked for last holds', () => {
  it('where it is paused before the channel is there: the resume does nothing any more', async () => {
    const { consumers, subscription, lose, recover, state } = await setUpConsumers();
    await consumers.pause(subscription);
    lose();
    const resuming = consumers.resume(subscription);
    await settled();
    await consumers.pause(subscription);
    const channel = await recover();
    await resuming;
    expect(state()).toBe('paused');
    expect(started(channel)).toBe(0);
  });

  it('where an earlier resume fails after a later one was asked for', async () => {
    const { consumers, subscription, clock, lose, recover, state } = await setUpConsumers();
    await consumers.pause(subscription);
    lose();
    const early = consumers.resume(subscription);
    await settled();
    clock.advance(900);
    await consumers.pause(subscription);
    const late = consumers.resume(subscription);
    await settled();
    clock.advance(100);
    await expect(early).rejects.toMatchObject({ code: 'TIMEOUT' });
    await recover();
    await late;
    expect(state()).toBe('consuming');
  });

  it('where it is paused while the broker is being asked', async () => {
    const { consumers, subscription, channel, state } = await setUpConsumers();
    await consumers.pause(subscription);
    const answer = deferred<void>();
    channel.answer = () => answer.promise;
    const resuming = consumers.resume(subscription);
    await settled();
    const pausing = consumers.pause(subscription);
    answer.resolve();
    await Promise.all([resuming, pausing]);
    expect(state()).toBe('paused');
    expect(channel.log.at(-1)).toBe('cancel ctag-2');
  });

  it('where it is resumed while the broker is being told to cancel: the new request comes after that', async () => {
    const { consumers, subscription, channel, state } = await setUpConsumers();
    const answer = deferred<void>();
    channel.answer = () => answer.promise;
    const pausing = consumers.pause(subscription);
    const resuming = consumers.resume(subscription);
    expect(await outcomeOf(resuming)).toBe('pending');
    expect(channel.log.at(-1)).toBe('cancel ctag-1');
    answer.resolve();
    await Promise.all([pausing, resuming]);
    expect(channel.log.at(-1)).toBe('consume tasks');
    expect(state()).toBe('consuming');
  });

  it('where the broker cancelled it and its queue is being looked for', async () => {
    const { consumers, subscription, channel, beside, state } = await setUpConsumers();
    const there = deferred<void>();
    beside.answer = () => there.promise;
    consumers.cancelled('ctag-1');
    await settled();
    await consumers.pause(subscription);
    there.resolve();
    await settled();
    expect(state()).toBe('paused');
    expect(started(channel)).toBe(1);
  });
});

describe('resuming one that is over', () => {
  it('is CLOSED where it was closed, also while it was being resumed', async () => {
    const { consumers, subscription, channel } = await setUpConsumers();
    await consumers.pause(subscription);
    const answer = deferred<void>();
    channel.answer = () => answer.promise;
    const resuming = consumers.resume(subscription);
    await settled();
    const { done } = consumers.stop(subscription);
    answer.resolve();
    await expect(resuming).rejects.toMatchObject({ code: 'CLOSED' });
    await done;
    await expect(consumers.resume(subscription)).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('is the cause where there is one', async () => {
    const { consumers, subscription } = await setUpConsumers();
    await consumers.pause(subscription);
    consumers.end(lost);
    await expect(consumers.resume(subscription)).rejects.toBe(lost);
  });
});
