import { LeveretError } from '../errors/leveret-error.ts';
import { type Deferred, deferred } from '../internal/deferred.ts';
import { FakeClock, settled } from '../internal/fake-clock.fixture.ts';
import type { IncomingMessage } from '../message/incoming.ts';
import { Deliveries } from './deliveries.ts';
import { FakeChannel } from './fake-channel.fixture.ts';
import { type MessageHandler, Subscription, type SubscriptionConfig } from './subscription.ts';

/** Why a channel is gone. */
export const lost = new LeveretError('CONNECTION_LOST', 'cut');

/** A consumer whose handler ends when the test says so, unless another is given. */
export function setUp(more: Partial<SubscriptionConfig> = {}, handler?: MessageHandler) {
  const clock = new FakeClock();
  const running = new Map<number, Deferred<void>>();
  const taken: IncomingMessage[] = [];
  const failures: LeveretError[] = [];
  const drained: { queue: string; duration: number; aborted: number }[] = [];
  const subscription = new Subscription(
    {
      queue: { name: 'tasks' },
      consumerTag: '',
      noAck: false,
      exclusive: false,
      arguments: undefined,
      prefetch: 10,
      concurrency: Number.POSITIVE_INFINITY,
      drainTimeout: 1000,
      ...more,
    },
    handler ??
      ((message) => {
        taken.push(message);
        const run = deferred<void>();
        running.set(message.deliveryTag, run);
        return run.promise;
      }),
    {
      handlerFailed: (_queue, error) => failures.push(error),
      drained: (queue, duration, aborted) => drained.push({ queue, duration, aborted }),
    },
    clock,
  );
  const skipped: number[] = [];
  const start = async () => {
    const channel = new FakeChannel();
    const deliveries = new Deliveries(channel, clock, (tag) => skipped.push(tag));
    await subscription.start(channel, deliveries);
    /** Settlements that reached the broker. */
    const settlements = (): string[] => {
      clock.endTurn();
      return channel.log.filter((line) => /^(ack|nack|reject) /.test(line));
    };
    return { channel, deliveries, settlements };
  };
  const finish = async (tag: number): Promise<void> => {
    running.get(tag)?.resolve();
    await settled();
  };
  const tags = (): number[] => taken.map(({ deliveryTag }) => deliveryTag);
  return { clock, subscription, start, finish, taken, tags, failures, drained, skipped };
}
