import { createInbox, deadline } from '@leveret/testkit';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import { expect, test } from 'vitest';
import { codeOf, fill, openPair, privateQueue, ready, text, textOf } from './live.fixture.ts';

describeWithBroker('declaring', (getUrl) => {
  test('a queue with other properties fails that call alone, and the channel goes on', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await privateQueue(channel);
    const received = createInbox<string | undefined>('a message');
    await queue.consume((message) => {
      message.ack();
      received.push(textOf(message));
    });
    const others = Array.from({ length: 20 }, () => privateQueue(channel));
    const mismatch = codeOf(
      channel.declareQueue(queue.name, { exclusive: true, autoDelete: true }),
    );
    const more = Array.from({ length: 20 }, () => privateQueue(channel));
    expect(await deadline(mismatch, 5000, 'the refusal')).toBe('PRECONDITION_FAILED');
    await deadline(Promise.all([...others, ...more]), 5000, 'the other declarations');
    await fill(channel, queue, 'still here');
    expect(await received.next()).toBe('still here');
  });

  test('an exchange of another type fails that call alone', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const name = uniqueName('exchange');
    const exchange = await channel.declareExchange(name, { type: 'topic' });
    expect(await codeOf(channel.declareExchange(name, { type: 'fanout' }))).toBe(
      'PRECONDITION_FAILED',
    );
    await channel.declareExchange(name, { type: 'topic' });
    await exchange.delete();
  });

  test('a queue of a name that only the broker may give is ACCESS_REFUSED', async () => {
    await using pair = await openPair(getUrl());
    expect(await codeOf(pair.channel.declareQueue('amq.mine'))).toBe('ACCESS_REFUSED');
  });

  test('names that AMQP cannot carry are INVALID_ARGUMENT', async () => {
    await using pair = await openPair(getUrl());
    expect(await codeOf(pair.channel.declareQueue('x'.repeat(256)))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(pair.channel.declareExchange('\ud800'))).toBe('INVALID_ARGUMENT');
  });

  test('a queue without a name gets one from the broker', async () => {
    await using pair = await openPair(getUrl());
    const queue = await pair.channel.declareQueue();
    expect(queue.name).toMatch(/^amq\.gen-/);
    await fill(pair.channel, queue, 'x');
    expect(textOf(await queue.get({ noAck: true }))).toBe('x');
  });

  test('counts what was there at the declaration', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await privateQueue(channel);
    await fill(channel, queue, 'one', 'two');
    const again = await channel.declareQueue(queue.name, { exclusive: true });
    expect([again.messageCount, again.consumerCount]).toEqual([2, 0]);
  });

  test('is made as aio-pika does where the channel says so: not durable, but for what says otherwise', async () => {
    await using pair = await openPair(getUrl());
    const channel = await pair.connection.channel({ declarations: 'aio-pika' });
    const [queue, exchange] = [uniqueName('queue'), uniqueName('exchange')];
    await channel.declareQueue(queue);
    await channel.declareExchange(exchange);
    // The broker compares the properties with those that it has.
    const strict = await pair.connection.channel();
    await strict.declareQueue(queue, { durable: false, exclusive: false, autoDelete: false });
    await strict.declareExchange(exchange, { durable: false, autoDelete: false });
    expect(await codeOf(strict.declareQueue(queue))).toBe('PRECONDITION_FAILED');
    await channel.declareQueue(`${queue}-kept`, { durable: true });
    await strict.declareQueue(`${queue}-kept`);
    expect((await channel.declareQueue()).name).toMatch(/^amq\.gen-/);
    for (const name of [queue, `${queue}-kept`]) await (await strict.getQueue(name)).delete();
    await (await strict.getExchange(exchange)).delete();
  });

  test('an exclusive queue is RESOURCE_LOCKED for other connections', async () => {
    await using owner = await openPair(getUrl());
    await using other = await openPair(getUrl());
    const queue = await privateQueue(owner.channel);
    expect(await codeOf(other.channel.getQueue(queue.name))).toBe('RESOURCE_LOCKED');
    expect(await codeOf(other.channel.declareQueue(queue.name, { exclusive: true }))).toBe(
      'RESOURCE_LOCKED',
    );
    const unchecked = await other.channel.getQueue(queue.name, { ensure: false });
    expect(await codeOf(unchecked.consume(() => {}))).toBe('RESOURCE_LOCKED');
  });

  test.for(['passive', 'get'] as const)(
    'asking for what is not there is NOT_FOUND: %s',
    async (how) => {
      await using pair = await openPair(getUrl());
      const { channel } = pair;
      const name = uniqueName('missing');
      const asked =
        how === 'get'
          ? [channel.getQueue(name), channel.getExchange(name)]
          : [
              channel.declareQueue(name, { passive: true }),
              channel.declareExchange(name, { passive: true }),
            ];
      expect(await Promise.all(asked.map(codeOf))).toEqual(['NOT_FOUND', 'NOT_FOUND']);
      expect(channel.status.state).toBe('open');
    },
  );

  test('what is not ensured is not asked for', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await channel.getQueue(uniqueName('missing'), { ensure: false });
    expect([queue.messageCount, queue.consumerCount]).toEqual([0, 0]);
    await channel.getExchange(uniqueName('missing'), { ensure: false });
    expect(await codeOf(queue.get())).toBe('NOT_FOUND');
    expect(await codeOf(queue.consume(() => {}))).toBe('NOT_FOUND');
  });

  test('a channel too many is refused in time while the others go on', async () => {
    await using pair = await openPair(getUrl(), { channelMax: 1, operationTimeout: 500 });
    const { connection, channel } = pair;
    const queue = await privateQueue(channel);
    expect(await deadline(codeOf(connection.channel()), 5000, 'the refusal')).toBe('TIMEOUT');
    expect(await deadline(codeOf(channel.getQueue(queue.name)), 5000, 'the refusal')).toBe(
      'REFUSED',
    );
    await fill(channel, queue, 'x');
  });
});

describeWithBroker('bindings', (getUrl) => {
  test('route from exchange to exchange to queue until they are taken away', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const source = await channel.declareExchange(uniqueName('source'), { type: 'topic' });
    const middle = await channel.declareExchange(uniqueName('middle'), { type: 'fanout' });
    const queue = await privateQueue(channel);
    await middle.bind(source, 'user.*');
    await queue.bind(middle);
    await source.publish(text('in'), 'user.created');
    expect(await codeOf(source.publish(text('out'), 'order.created'))).toBe('UNROUTABLE');
    await middle.unbind(source, 'user.*');
    expect(await codeOf(source.publish(text('out'), 'user.created'))).toBe('UNROUTABLE');
    await middle.bind(source.name, '#');
    await queue.unbind(middle.name);
    expect(await codeOf(source.publish(text('out'), 'user.created'))).toBe('UNROUTABLE');
    expect(await ready(channel, queue)).toBe(1);
    await Promise.all([source.delete(), middle.delete()]);
  });

  test('of a headers exchange match by their arguments, also by a function of the name', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await privateQueue(channel);
    await queue.bind('amq.headers', '', { arguments: (name) => ({ to: name, 'x-match': 'all' }) });
    const headers = await channel.getExchange('amq.headers');
    await headers.publish({ ...text('in'), headers: { to: queue.name } }, '');
    expect(
      await codeOf(headers.publish({ ...text('out'), headers: { to: uniqueName('other') } }, '')),
    ).toBe('UNROUTABLE');
    expect(await ready(channel, queue)).toBe(1);
  });

  test('to an exchange that is not there are NOT_FOUND', async () => {
    await using pair = await openPair(getUrl());
    const queue = await privateQueue(pair.channel);
    expect(await codeOf(queue.bind(uniqueName('missing'), 'key'))).toBe('NOT_FOUND');
  });
});

describeWithBroker('deleting', (getUrl) => {
  test('purge drops what is ready, and says how much', async () => {
    await using pair = await openPair(getUrl());
    const queue = await privateQueue(pair.channel);
    await fill(pair.channel, queue, 'one', 'two', 'three');
    expect(await queue.purge()).toBe(3);
    expect(await queue.purge()).toBe(0);
  });

  test('a queue that must be empty is kept while it is not', async () => {
    await using pair = await openPair(getUrl());
    const queue = await privateQueue(pair.channel);
    await fill(pair.channel, queue, 'one');
    expect(await codeOf(queue.delete({ ifEmpty: true }))).toBe('PRECONDITION_FAILED');
    expect(await queue.delete()).toBe(1);
    expect(await codeOf(pair.channel.getQueue(queue.name))).toBe('NOT_FOUND');
  });

  test('a queue that must be unused is kept while it has a consumer', async () => {
    await using pair = await openPair(getUrl());
    const queue = await privateQueue(pair.channel);
    const consumer = await queue.consume(() => {});
    expect(await codeOf(queue.delete({ ifUnused: true }))).toBe('PRECONDITION_FAILED');
    await consumer.close();
    expect(await queue.delete({ ifUnused: true })).toBe(0);
  });

  test('an exchange that must be unused is kept while something is bound to it', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const exchange = await channel.declareExchange(uniqueName('used'));
    const queue = await privateQueue(channel);
    await queue.bind(exchange, 'key');
    expect(await codeOf(exchange.delete({ ifUnused: true }))).toBe('PRECONDITION_FAILED');
    await queue.unbind(exchange, 'key');
    await exchange.delete({ ifUnused: true });
    expect(await codeOf(channel.getExchange(exchange.name))).toBe('NOT_FOUND');
  });

  test('a queue that another channel deletes ends its consumers with CANCELLED', async () => {
    await using pair = await openPair(getUrl());
    const queue = await privateQueue(pair.channel);
    const consumer = await queue.consume(() => {});
    const other = await pair.connection.channel();
    await (await other.getQueue(queue.name)).delete();
    const cause = await deadline(consumer.ended, 5000, 'the end of the consumer');
    expect(cause?.code).toBe('CANCELLED');
    expect(consumer.tag).toBeUndefined();
    await consumer.close();
    await privateQueue(pair.channel);
  });
});
