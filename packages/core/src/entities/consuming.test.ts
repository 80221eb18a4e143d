import { createInbox, deadline } from '@leveret/testkit';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import { expect, test } from 'vitest';
import { deferred } from '../internal/deferred.ts';
import type { IncomingMessage } from '../message/incoming.ts';
import { codeOf, fill, openPair, privateQueue, ready, text, textOf } from './live.fixture.ts';

describeWithBroker('consuming', (getUrl) => {
  test('a prefetch bounds what is delivered and not settled', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await privateQueue(channel);
    await fill(channel, queue, ...'abcdefgh');
    const inbox = createInbox<IncomingMessage>('a message');
    await queue.consume(inbox.push, { prefetch: 3 });
    const [first] = await inbox.take(3);
    expect(await ready(channel, queue)).toBe(5);
    expect(inbox.size).toBe(0);
    first?.ack();
    expect(textOf(await inbox.next())).toBe('d');
  });

  test('the prefetch of the channel holds for consumers that do not say otherwise', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await privateQueue(channel);
    await fill(channel, queue, ...'abcd');
    await channel.setQos({ prefetch: 1 });
    const inbox = createInbox<IncomingMessage>('a message');
    await queue.consume(inbox.push);
    await inbox.next();
    expect(await ready(channel, queue)).toBe(3);
  });

  test('a global prefetch is shared by all consumers of the channel', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queues = [await privateQueue(channel), await privateQueue(channel)];
    await channel.setQos({ prefetch: 3, global: true });
    const inbox = createInbox<IncomingMessage>('a message');
    for (const queue of queues) {
      await fill(channel, queue, ...'abcd');
      await queue.consume(inbox.push);
    }
    await inbox.take(3);
    const left = await Promise.all(queues.map((queue) => ready(channel, queue)));
    expect(left.reduce((sum, each) => sum + each)).toBe(5);
    expect(inbox.size).toBe(0);
  });

  test('a concurrency bounds the handlers that run, and all messages are handled in order', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await privateQueue(channel);
    let running = 0;
    let most = 0;
    const started = createInbox<{ readonly body: string | undefined; finish: () => void }>(
      'a start',
    );
    const done = createInbox<string | undefined>('an end');
    await queue.consume(
      async (message) => {
        most = Math.max(most, ++running);
        const gate = deferred();
        started.push({ body: textOf(message), finish: gate.resolve });
        await gate.promise;
        running--;
        message.ack();
        done.push(textOf(message));
      },
      { concurrency: 2, prefetch: 10 },
    );
    await fill(channel, queue, ...'abcdef');
    const order = [];
    for (let index = 0; index < 6; index++) {
      const { body, finish } = await started.next();
      order.push(body);
      finish();
    }
    await done.take(6);
    expect(order.join('')).toBe('abcdef');
    expect(most).toBeLessThanOrEqual(2);
  });

  test('without acknowledgements messages count as settled', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await privateQueue(channel);
    const inbox = createInbox<IncomingMessage>('a message');
    const consumer = await queue.consume(inbox.push, { noAck: true });
    await fill(channel, queue, 'a', 'b');
    const [first] = await inbox.take(2);
    expect(first?.settled).toBe(true);
    expect(() => first?.ack()).toThrow('ALREADY_SETTLED');
    await first?.process(() => {});
    await consumer.close();
    expect(await ready(channel, queue)).toBe(0);
  });

  test('an exclusive consumer lets no other consume: ACCESS_REFUSED', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await privateQueue(channel);
    const consumer = await queue.consume(() => {}, { exclusive: true });
    const other = await pair.connection.channel();
    const same = await other.getQueue(queue.name);
    expect(same.consumerCount).toBe(1);
    expect(await codeOf(same.consume(() => {}))).toBe('ACCESS_REFUSED');
    await consumer.close();
    await same.consume(() => {}, { exclusive: true });
  });

  test('a tag may be given, also again once its consumer was closed; two of one name are refused', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await privateQueue(channel);
    const inbox = createInbox<IncomingMessage>('a message');
    const consumer = await queue.consume(inbox.push, { consumerTag: 'mine' });
    expect(consumer.tag).toBe('mine');
    const twice = queue.consume(() => {}, { consumerTag: 'mine' });
    await expect(twice).rejects.toThrow('consumerTag must be unique on its channel');
    const closing = consumer.close();
    const early = queue.consume(() => {}, { consumerTag: 'mine' });
    await expect(early).rejects.toThrow('consumerTag must be unique on its channel');
    await closing;
    await queue.consume(inbox.push, { consumerTag: 'mine' });
    const automatic = await queue.consume(() => {});
    const same = queue.consume(() => {}, { consumerTag: automatic.tag ?? '' });
    await expect(same).rejects.toThrow('consumerTag must be unique on its channel');
    await automatic.close();
    await fill(channel, queue, 'x');
    expect((await inbox.next()).consumerTag).toBe('mine');
  });

  test('a handler that throws puts its message back, and is told of', async () => {
    await using pair = await openPair(getUrl());
    const { channel, connection } = pair;
    const queue = await privateQueue(channel);
    const events = createInbox<object>('an event');
    connection.on('event', events.push);
    const inbox = createInbox<boolean>('a delivery');
    await queue.consume(async (message) => {
      inbox.push(message.redelivered);
      if (!message.redelivered) throw new RangeError('first time');
      message.ack();
    });
    await fill(channel, queue, 'x');
    expect(await inbox.take(2)).toEqual([false, true]);
    const event = await events.next();
    expect(event).toMatchObject({ type: 'handler-failed', queue: queue.name });
    expect(event).toHaveProperty('error.code', 'HANDLER_FAILED');
  });

  test('arguments of a consumer reach the broker: a higher x-priority is served first', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await privateQueue(channel);
    const low = createInbox<IncomingMessage>('a low one');
    const high = createInbox<IncomingMessage>('a high one');
    await queue.consume(low.push, { arguments: { 'x-priority': 0 } });
    await queue.consume(high.push, { arguments: { 'x-priority': 10 } });
    await fill(channel, queue, ...'abcde');
    await high.take(5);
    expect(low.size).toBe(0);
  });
});

describeWithBroker('settling', (getUrl) => {
  test('twice is ALREADY_SETTLED and sends nothing', async () => {
    await using pair = await openPair(getUrl());
    const queue = await privateQueue(pair.channel);
    await fill(pair.channel, queue, 'a', 'b');
    const message = await queue.get();
    message?.ack();
    expect(() => message?.ack()).toThrow('ALREADY_SETTLED');
    expect(() => message?.nack()).toThrow('ALREADY_SETTLED');
    expect(textOf(await queue.get({ noAck: true }))).toBe('b');
    expect(pair.channel.status.state).toBe('open');
  });

  test('thousands in any order settles each exactly once', async () => {
    await using pair = await openPair(getUrl());
    const { channel, connection } = pair;
    const queue = await privateQueue(channel);
    await fill(channel, queue, ...Array.from({ length: 2000 }, (_, index) => String(index)));
    const inbox = createInbox<IncomingMessage>('a message');
    const events: string[] = [];
    connection.on('event', ({ type }) => events.push(type));
    const consumer = await queue.consume(inbox.push, { prefetch: 0 });
    const messages = [...(await inbox.take(2000))];
    const turns = [1, 7, 13, 3, 0, 2];
    for (const [turn, rest] of turns.entries()) {
      for (const [index, message] of messages.entries())
        if (!message.settled && (index * 31 + turn) % 17 >= rest + 1 - (turn === 5 ? 17 : 0))
          message.ack();
      await channel.getQueue(queue.name);
    }
    for (const message of messages) if (!message.settled) message.ack();
    await consumer.close();
    await channel.close();
    const other = await connection.channel();
    expect((await other.getQueue(queue.name)).messageCount).toBe(0);
    expect(events).toEqual(['drained']);
  });

  test('process acknowledges, and rejects or puts back what throws, as asked', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const dead = await privateQueue(channel);
    const queue = await channel.declareQueue(uniqueName('work'), {
      exclusive: true,
      arguments: { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead.name },
    });
    const letters = createInbox<IncomingMessage>('a dead letter');
    await dead.consume(letters.push, { noAck: true });
    const get = async (): Promise<IncomingMessage> => {
      const message = await queue.get();
      if (!message) throw new Error('the queue is empty');
      return message;
    };
    const fail = (): never => {
      throw new RangeError('no');
    };
    await fill(channel, queue, 'x');
    await expect((await get()).process(fail, { requeue: true })).rejects.toThrow(RangeError);
    const again = await get();
    expect(again.redelivered).toBe(true);
    const options = { requeue: true, rejectOnRedelivered: true };
    await expect(again.process(fail, options)).rejects.toThrow(RangeError);
    expect(textOf(await letters.next())).toBe('x');

    await fill(channel, queue, 'y');
    expect(await (await get()).process(() => 'result')).toBe('result');
    await fill(channel, queue, 'z');
    const own = await get();
    await own.process(() => own.ack(), { ignoreProcessed: true });
    await fill(channel, queue, 'z');
    const twice = await get();
    expect(await codeOf(twice.process(() => twice.ack()))).toBe('ALREADY_SETTLED');
    expect(await queue.get()).toBeUndefined();
  });
});

describeWithBroker('closing a consumer', (getUrl) => {
  test('waits for handlers in hand and puts back what none took', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await privateQueue(channel);
    await fill(channel, queue, ...'abcde');
    const gate = deferred();
    const started = createInbox<IncomingMessage>('a start');
    const consumer = await queue.consume(
      async (message) => {
        started.push(message);
        await gate.promise;
        message.ack();
      },
      { concurrency: 2 },
    );
    await started.take(2);
    // An answer on the same channel comes after all deliveries.
    expect(await queue.purge()).toBe(0);
    let closed = false;
    const closing = Promise.all([consumer.close(), consumer.close()]).then(() => {
      closed = true;
    });
    while ((await ready(channel, queue)) < 3);
    expect(closed).toBe(false);
    gate.resolve();
    await deadline(closing, 5000, 'close');
    expect(await consumer.ended).toBeUndefined();
    expect(started.size).toBe(0);
    expect(await ready(channel, queue)).toBe(3);
    await channel.close();
    const other = await pair.connection.channel();
    expect((await other.getQueue(queue.name)).messageCount).toBe(3);
  });

  test('aborts handlers that do not end in time and puts their messages back', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await privateQueue(channel);
    await fill(channel, queue, 'x');
    const started = createInbox<IncomingMessage>('a start');
    const consumer = await queue.consume(
      (message) => {
        started.push(message);
        return new Promise(() => {});
      },
      { drainTimeout: 50 },
    );
    const message = await started.next();
    const { signal } = message;
    await deadline(consumer.close(), 5000, 'close');
    expect(signal.aborted).toBe(true);
    expect(() => message.ack()).toThrow('ALREADY_SETTLED');
    expect(textOf(await queue.get({ noAck: true }))).toBe('x');
  });

  test.for([false, true])(
    'with its connection lets handlers in hand finish and acknowledge; the consumer first: %s',
    async (first) => {
      await using observer = await openPair(getUrl());
      const queue = await observer.channel.declareQueue(uniqueName('drain'));
      await using pair = await openPair(getUrl());
      const started = createInbox<IncomingMessage>('a start');
      const gate = deferred();
      const consumer = await (await pair.channel.getQueue(queue.name)).consume(
        async (message) => {
          started.push(message);
          await gate.promise;
          await pair.channel.defaultExchange.publish(text('result'), queue.name);
          message.ack();
        },
        { concurrency: 5 },
      );
      await fill(observer.channel, queue, ...'abcde');
      await started.take(5);
      const closing = Promise.all([first ? consumer.close() : undefined, pair.connection.close()]);
      for (let asked = 0; asked < 10; asked++) await observer.channel.getQueue(queue.name);
      gate.resolve();
      await deadline(closing, 5000, 'close');
      expect(await ready(observer.channel, queue)).toBe(5);
      const result = await queue.get();
      expect([textOf(result), result?.redelivered]).toEqual(['result', false]);
      result?.ack();
      await queue.delete();
    },
  );

  test('hands nothing to the handler from then on', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await privateQueue(channel);
    const inbox = createInbox<IncomingMessage>('a message');
    const consumer = await queue.consume((message) => {
      message.ack();
      inbox.push(message);
    });
    const publishing = fill(channel, queue, ...Array.from({ length: 200 }, String));
    await inbox.next();
    const closing = consumer.close();
    const handled = inbox.size;
    await Promise.all([closing, publishing]);
    await channel.getQueue(queue.name);
    expect(inbox.size).toBe(handled);
    expect(await ready(channel, queue)).toBe(200 - handled - 1);
  });
});

describeWithBroker('getting and iterating', (getUrl) => {
  test('an empty queue gives undefined', async () => {
    await using pair = await openPair(getUrl());
    expect(await (await privateQueue(pair.channel)).get()).toBeUndefined();
  });

  test('a message that was fetched says how many are left, and all that is known of it', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await privateQueue(channel);
    await fill(channel, queue, 'first', 'second');
    const sent = { ...text('third'), correlationId: 'c', headers: { a: 1 }, priority: 3 };
    await channel.defaultExchange.publish(sent, queue.name);
    const first = await queue.get({ noAck: true });
    expect(first?.messageCount).toBe(2);
    await queue.get({ noAck: true });
    const third = await queue.get({ noAck: true });
    expect(third?.info()).toMatchObject({
      ...{ correlationId: 'c', headers: { a: 1 }, priority: 3, deliveryMode: 2 },
      ...{ exchange: '', routingKey: queue.name, bodySize: 5 },
      ...{ consumerTag: undefined, redelivered: false, messageCount: 0 },
    });
    if (!third) throw new Error('no message');
    // Published again with one property changed, as its properties are a plain object.
    const { body, properties } = third;
    const again = { ...properties, body, priority: 4 };
    await channel.defaultExchange.publish(again, queue.name);
    expect((await queue.get())?.properties).toEqual({ ...properties, priority: 4 });
  });

  test('a message fetched and not settled goes back when its channel closes', async () => {
    await using pair = await openPair(getUrl());
    const queue = await privateQueue(pair.channel);
    await fill(pair.channel, queue, 'x');
    const message = await queue.get();
    expect([textOf(message), message?.consumerTag]).toEqual(['x', undefined]);
    await pair.channel.close();
    const other = await pair.connection.channel();
    expect((await other.getQueue(queue.name)).messageCount).toBe(1);
    message?.ack();
  });

  const leave: Record<string, (iteration: AsyncIterable<IncomingMessage>) => Promise<unknown>> = {
    break: async (iteration) => {
      for await (const message of iteration) {
        message.ack();
        break;
      }
    },
    return: async (iteration) => {
      for await (const message of iteration) return message.ack();
    },
    throw: async (iteration) => {
      for await (const message of iteration) {
        message.ack();
        throw new RangeError('no');
      }
    },
  };
  test.for(Object.keys(leave))('%s puts back what the loop did not get', async (way) => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await privateQueue(channel);
    await fill(channel, queue, ...'abcde');
    const outcome = await leave[way]?.(queue).catch((error: unknown) => error);
    expect(outcome instanceof RangeError).toBe(way === 'throw');
    expect(await ready(channel, queue)).toBe(4);
    expect((await channel.getQueue(queue.name)).consumerCount).toBe(0);
    expect(textOf(await queue.get({ noAck: true }))).toBe('b');
  });

  test('closing the channel waits for the body of a loop', async () => {
    await using pair = await openPair(getUrl());
    const { channel, connection } = pair;
    const queue = await channel.declareQueue(uniqueName('loop'));
    await fill(channel, queue, 'one', 'two');
    const inBody = deferred();
    const goOn = deferred();
    const looping = (async () => {
      for await (const message of queue)
        await message.process(async () => {
          inBody.resolve();
          await goOn.promise;
        });
    })();
    await inBody.promise;
    const closing = channel.close();
    goOn.resolve();
    await closing;
    await looping;
    const again = await (await connection.channel()).getQueue(queue.name);
    expect(await again.delete()).toBe(1);
  });

  test('return ends an iteration that waits for a message', async () => {
    await using pair = await openPair(getUrl());
    const queue = await privateQueue(pair.channel);
    const iteration = queue.iterate();
    const waiting = iteration.next();
    await deadline(iteration.return(), 5_000, 'return');
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  test('an iteration without acknowledgements ends, and what came is gone', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await privateQueue(channel);
    await fill(channel, queue, 'a');
    for await (const message of queue.iterate({ noAck: true })) {
      expect([textOf(message), message.settled]).toEqual(['a', true]);
      break;
    }
    expect(await ready(channel, queue)).toBe(0);
    expect((await channel.getQueue(queue.name)).consumerCount).toBe(0);
  });

  test('ending one iteration puts back what was its own, and nothing of another on the channel', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queues = [await privateQueue(channel), await privateQueue(channel)] as const;
    for (const queue of queues) await fill(channel, queue, ...'abcde');
    const iterations = [queues[0].iterate(), queues[1].iterate()] as const;
    const firsts = [await iterations[0].next(), await iterations[1].next()] as const;
    await firsts[0].value?.process(() => {});
    await iterations[0].return();
    expect(await Promise.all(queues.map((queue) => ready(channel, queue)))).toEqual([4, 0]);
    await firsts[1].value?.process(() => {});
    const second = await iterations[1].next();
    expect(textOf(second.value ?? undefined)).toBe('b');
    await iterations[1].return();
  });

  test('an iteration with a timeout ends with TIMEOUT once nothing comes', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await privateQueue(channel);
    await fill(channel, queue, 'a', 'b');
    const bodies: (string | undefined)[] = [];
    const iterating = (async () => {
      for await (const message of queue.iterate({ timeout: 100 })) {
        bodies.push(textOf(message));
        message.ack();
      }
    })();
    expect(await codeOf(iterating)).toBe('TIMEOUT');
    expect(bodies).toEqual(['a', 'b']);
    expect((await channel.getQueue(queue.name)).consumerCount).toBe(0);
  });

  test('an iteration ends when its channel closes, and throws CANCELLED when the queue goes', async () => {
    await using pair = await openPair(getUrl());
    const { channel, connection } = pair;
    const other = await connection.channel();
    const queue = await privateQueue(other);
    const own = await channel.getQueue(queue.name);
    const iterating = own.iterate().next();
    const doomed = await privateQueue(other);
    const cancelled = codeOf((await channel.getQueue(doomed.name)).iterate().next());
    while ((await other.getQueue(doomed.name)).consumerCount === 0);
    await doomed.delete();
    expect(await deadline(cancelled, 5000, 'the end of the iteration')).toBe('CANCELLED');
    while ((await other.getQueue(queue.name)).consumerCount === 0);
    await channel.close();
    expect(await deadline(iterating, 5000, 'the end of the iteration')).toMatchObject({
      done: true,
    });
  });
});
