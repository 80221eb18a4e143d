import { createInbox, deadline, startTcpProxy } from '@leveret/testkit';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import { expect, test } from 'vitest';
import type { LeveretEvent } from '../diagnostics/events.ts';
import { deferred } from '../internal/deferred.ts';
import type { IncomingMessage } from '../message/incoming.ts';
import { codeOf, fill, openPair, privateQueue, ready, text, textOf } from './live.fixture.ts';

describeWithBroker('a consumer that is paused', (getUrl) => {
  test('gives back what waits, goes on with what is in hand, and takes nothing more', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await privateQueue(channel);
    const taken = createInbox<IncomingMessage>('a message');
    const never = new Promise<void>(() => {});
    const consumer = await queue.consume(
      (message) => {
        taken.push(message);
        return never;
      },
      { prefetch: 3, concurrency: 1, drainTimeout: 10 },
    );
    await fill(channel, queue, 'a', 'b', 'c', 'd');
    const inHand = await taken.next();
    await expect
      .poll(() => consumer.status)
      .toEqual({ state: 'consuming', inHand: 1, waiting: 2, concurrency: 1 });

    await consumer.pause();

    expect(consumer.status).toMatchObject({ state: 'paused', inHand: 1, waiting: 0 });
    expect(consumer.tag).toBeUndefined();
    expect(inHand.signal.aborted).toBe(false);
    const others = createInbox<IncomingMessage>('a message for another consumer');
    await queue.consume(others.push, { noAck: true });
    expect((await others.take(3)).map(textOf).sort()).toEqual(['b', 'c', 'd']);
    inHand.ack();
    await pair.channel.close();
    expect(await ready(await pair.connection.channel(), queue)).toBe(0);
    expect(taken.size).toBe(0);
  });

  test('takes messages again after resume, with the options that it had', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await privateQueue(channel);
    const taken = createInbox<IncomingMessage>('a message');
    const consumer = await queue.consume(taken.push, { prefetch: 1, consumerTag: 'mine' });
    await consumer.pause();
    await consumer.pause();
    await fill(channel, queue, 'a', 'b');
    expect(taken.size).toBe(0);
    await consumer.resume();
    await consumer.resume();
    expect(consumer.status.state).toBe('consuming');
    expect(consumer.tag).toBe('mine');
    expect(textOf(await taken.next())).toBe('a');
    expect((await channel.getQueue(queue.name)).consumerCount).toBe(1);
    expect(await ready(channel, queue)).toBe(1);
  });

  test.for([
    ['pause, resume', 'consuming'],
    ['resume, pause', 'paused'],
    ['pause, resume, pause', 'paused'],
    ['pause, resume, pause, resume', 'consuming'],
    ['pause, pause, resume, resume', 'consuming'],
  ] as const)('in the order of "%s", all at once, ends as %s', async ([order, state]) => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await privateQueue(channel);
    const taken = createInbox<IncomingMessage>('a message');
    const consumer = await queue.consume(taken.push);
    const methods = { pause: () => consumer.pause(), resume: () => consumer.resume() };
    const steps = order
      .split(', ')
      .map((step) => (step === 'pause' ? methods.pause : methods.resume));
    await Promise.all(steps.map((step) => step()));
    expect(consumer.status.state).toBe(state);
    const { consumerCount } = await channel.getQueue(queue.name);
    expect(consumerCount).toBe(state === 'consuming' ? 1 : 0);
    await fill(channel, queue, 'a');
    if (state === 'consuming') expect(textOf(await taken.next())).toBe('a');
    else expect(await ready(channel, queue)).toBe(1);
  });

  test('stays paused over a recovery, which aborts what is in hand, and can be resumed after it', async () => {
    const { hostname: host, port } = new URL(getUrl());
    await using proxy = await startTcpProxy({ host, port: Number(port) });
    await using pair = await openPair(proxy.url(getUrl()), { backoff: { initial: 5, max: 50 } });
    const { channel, connection } = pair;
    const queue = await privateQueue(channel);
    const taken = createInbox<IncomingMessage>('a message');
    const never = new Promise<void>(() => {});
    const consumer = await queue.consume(
      (message) => {
        taken.push(message);
        return never;
      },
      { drainTimeout: 10 },
    );
    await fill(channel, queue, 'a');
    const inHand = await taken.next();
    await consumer.pause();
    const events = createInbox<LeveretEvent>('an event');
    connection.on('event', events.push);
    proxy.cut();
    let event = await events.next(10_000);
    while (event.type !== 'recovered') event = await events.next(10_000);
    expect(event).toMatchObject({ replayed: { queues: 1, consumers: 0 } });
    expect(inHand.signal.reason).toMatchObject({ code: 'CONNECTION_LOST' });
    expect(consumer.status.state).toBe('paused');
    expect((await channel.getQueue(queue.name)).consumerCount).toBe(0);
    await fill(channel, queue, 'b');
    await consumer.resume();
    expect(textOf(await taken.next())).toBe('b');
  });

  test('can be closed, and not resumed any more', async () => {
    await using pair = await openPair(getUrl());
    const queue = await privateQueue(pair.channel);
    const consumer = await queue.consume(() => {});
    await consumer.pause();
    await deadline(consumer.close(), 5_000, 'closing');
    expect(await consumer.ended).toBeUndefined();
    expect(consumer.status.state).toBe('closed');
    expect(await codeOf(consumer.resume())).toBe('CLOSED');
    await consumer.pause();
  });

  test('waits for its handlers in hand when it is closed', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await privateQueue(channel);
    const taken = createInbox<IncomingMessage>('a message');
    const end = deferred<void>();
    const consumer = await queue.consume(async (message) => {
      taken.push(message);
      await end.promise;
      message.ack();
    });
    await fill(channel, queue, 'a');
    const inHand = await taken.next();
    await consumer.pause();
    const closing = consumer.close();
    expect(consumer.status).toMatchObject({ state: 'closing', inHand: 1 });
    end.resolve();
    await closing;
    expect(inHand.signal.aborted).toBe(false);
    await channel.close();
    expect(await ready(await pair.connection.channel(), queue)).toBe(0);
  });

  test('stays paused where its queue is gone when it is resumed, and says so', async () => {
    await using pair = await openPair(getUrl());
    const queue = await privateQueue(pair.channel);
    const consumer = await queue.consume(() => {});
    await consumer.pause();
    await queue.delete();
    expect(await codeOf(consumer.resume())).toBe('NOT_FOUND');
    expect(consumer.status.state).toBe('paused');
    await pair.channel.declareQueue(queue.name, { exclusive: true });
    await consumer.resume();
    expect(consumer.status.state).toBe('consuming');
  });

  test('is resumed, and resumes, on a queue that others consume as well', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await channel.declareQueue('', { autoDelete: true });
    const first = await queue.consume(() => {});
    await queue.consume(() => {});
    await first.pause();
    await first.resume();
    expect((await channel.getQueue(queue.name)).consumerCount).toBe(2);
  });
});

describeWithBroker('a paused consumer of an autoDelete queue', (getUrl) => {
  /** A queue on a connection that can be cut; `recovered` cuts it and gives how many queues came back. */
  async function setUp() {
    const { hostname: host, port } = new URL(getUrl());
    const proxy = await startTcpProxy({ host, port: Number(port) });
    const pair = await openPair(proxy.url(getUrl()), { backoff: { initial: 5, max: 50 } });
    const queue = await pair.channel.declareQueue(uniqueName('shared'), { autoDelete: true });
    await queue.bind('amq.topic', queue.name);
    const recovered = async (): Promise<unknown> => {
      const events = createInbox<LeveretEvent>('an event');
      const off = pair.connection.on('event', events.push);
      proxy.cut();
      let event = await events.next(10_000);
      while (event.type !== 'recovered') event = await events.next(10_000);
      off();
      return event.replayed;
    };
    const dispose = async (): Promise<void> => {
      await pair.connection.close();
      await proxy.close();
    };
    return { channel: pair.channel, queue, recovered, [Symbol.asyncDispose]: dispose };
  }

  test('which is the last one: the queue goes, and does not come back with a recovery', async () => {
    await using all = await setUp();
    const consumer = await all.queue.consume(() => {});
    await consumer.pause();
    expect(await codeOf(all.channel.getQueue(all.queue.name))).toBe('NOT_FOUND');
    expect(await all.recovered()).toMatchObject({ queues: 0, bindings: 0, consumers: 0 });
    expect(await codeOf(consumer.resume())).toBe('NOT_FOUND');
  });

  test('beside another on its channel: the queue comes back with a recovery', async () => {
    await using all = await setUp();
    const consumer = await all.queue.consume(() => {});
    await all.queue.consume(() => {});
    await consumer.pause();
    expect(await all.recovered()).toMatchObject({ queues: 1, bindings: 1, consumers: 1 });
  });

  test('which others keep: resumed, it comes back with queue and bindings when all others are gone', async () => {
    await using all = await setUp();
    await using others = await openPair(getUrl());
    const queue = await others.channel.getQueue(all.queue.name);
    const other = await queue.consume(() => {});
    const taken = createInbox<IncomingMessage>('a message');
    const first = await all.queue.consume(taken.push, { noAck: true });
    const second = await all.queue.consume(() => {});
    await Promise.all([second.pause(), first.pause()]);
    await first.resume();
    await other.close();
    expect(await all.recovered()).toMatchObject({ queues: 1, bindings: 1, consumers: 1 });
    expect(first.status.state).toBe('consuming');
    await (await others.channel.getExchange('amq.topic')).publish(text('a'), all.queue.name);
    expect(textOf(await taken.next())).toBe('a');
  });
});

describeWithBroker('the concurrency of a consumer', (getUrl) => {
  test('can be changed while it runs: down to nothing, and up again', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await privateQueue(channel);
    const taken = createInbox<IncomingMessage>('a message');
    const ends: (() => void)[] = [];
    const consumer = await queue.consume(
      (message) => {
        taken.push(message);
        return new Promise<void>((resolve) => ends.push(() => resolve(message.ack())));
      },
      { concurrency: 1 },
    );
    await fill(channel, queue, 'a', 'b', 'c', 'd');
    expect(textOf(await taken.next())).toBe('a');
    consumer.concurrency = 3;
    expect((await taken.take(2)).map(textOf)).toEqual(['b', 'c']);
    await expect
      .poll(() => consumer.status)
      .toMatchObject({ inHand: 3, waiting: 1, concurrency: 3 });
    consumer.concurrency = 0;
    for (const end of ends.splice(0)) end();
    await expect.poll(() => consumer.status).toMatchObject({ inHand: 0, waiting: 1 });
    expect(taken.size).toBe(0);
    consumer.concurrency = Number.POSITIVE_INFINITY;
    expect(textOf(await taken.next())).toBe('d');
    for (const end of ends) end();
  });

  test.for([-1, 1.5, Number.NaN, '2', undefined, null])(
    'of %j is INVALID_ARGUMENT',
    async (most) => {
      await using pair = await openPair(getUrl());
      const consumer = await (await privateQueue(pair.channel)).consume(() => {});
      expect(() => Reflect.set(consumer, 'concurrency', most)).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
      );
      expect(consumer.concurrency).toBe(Number.POSITIVE_INFINITY);
    },
  );
});
