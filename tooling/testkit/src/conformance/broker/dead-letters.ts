import assert from 'node:assert/strict';
import type { AmqpChannel } from '../../amqp/channel.ts';
import type { Properties } from '../../amqp/properties.ts';
import { bodiesOf, consume, fill } from './bench.ts';
import { deathCases } from './deaths.ts';
import { dyingInto, getOne, mortalQueue, rejectOne } from './letters.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** Where messages go that are rejected, expire or do not fit, and what they carry. */
export function deadLetterCases(suite: Suite): BrokerCase[] {
  return [...roadCases(suite), ...lostCases(suite), ...cycleCases(suite), ...deathCases(suite)];
}

/** What a consumer may do with a message that leaves no dead letter. */
const survivals: readonly {
  readonly title: string;
  readonly use: (channel: AmqpChannel, queue: string) => unknown;
}[] = [
  { title: 'an ack', use: (channel) => channel.send('basic.ack', { deliveryTag: 1 }) },
  {
    title: 'a reject that requeues',
    use: (channel) => channel.send('basic.reject', { deliveryTag: 1, requeue: true }),
  },
  {
    title: 'a nack that requeues',
    use: (channel) => channel.send('basic.nack', { deliveryTag: 1, requeue: true }),
  },
  { title: 'a recover', use: (channel) => channel.call('basic.recover', { requeue: true }) },
  { title: 'a purge', use: (channel, queue) => channel.call('queue.purge', { queue }) },
  { title: 'a get without acks', use: (channel, queue) => channel.get(queue, { noAck: true }) },
];

const allButExpiration: Properties = {
  contentType: 'text/plain',
  contentEncoding: 'identity',
  deliveryMode: 2,
  priority: 7,
  correlationId: 'correlation',
  replyTo: 'reply',
  messageId: 'message',
  timestamp: 1_600_000_000,
  type: 'type',
  appId: 'app',
  clusterId: 'cluster',
};

function roadCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('nacked messages are dead letters, in their order', async (channel, bench) => {
      const { queue } = await mortalQueue(channel, bench);
      await fill(channel, queue, ['a', 'b', 'c']);
      for (const _ of ['a', 'b', 'c']) await getOne(channel, queue);
      channel.send('basic.nack', { deliveryTag: 0, multiple: true });
      assert.deepEqual(await bodiesOf(channel, 3), ['a', 'b', 'c']);
    }),
    onChannel('a dead letter keeps its routing key without another one', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'topic');
      const dead = await bench.queue(channel);
      await channel.call('queue.bind', { queue: dead, exchange, routingKey: 'first.*' });
      const queue = await bench.queue(channel, {
        exclusive: true,
        arguments: { 'x-dead-letter-exchange': exchange },
      });
      await channel.call('queue.bind', {
        queue,
        exchange: 'amq.topic',
        routingKey: `first.${queue}`,
      });
      channel.publish({ exchange: 'amq.topic', routingKey: `first.${queue}`, body: 'a' });
      await channel.settle(queue);
      await rejectOne(channel, queue);
      await consume(channel, dead);
      const letter = await channel.next('basic.deliver');
      assert.deepEqual([letter.exchange, letter.routingKey], [exchange, `first.${queue}`]);
    }),
    onChannel('a dead letter gets the routing key of its queue', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'direct');
      const dead = await bench.queue(channel);
      await channel.call('queue.bind', { queue: dead, exchange, routingKey: 'dead' });
      const queue = await bench.queue(channel, {
        exclusive: true,
        arguments: { 'x-dead-letter-exchange': exchange, 'x-dead-letter-routing-key': 'dead' },
      });
      await fill(channel, queue, ['a']);
      await rejectOne(channel, queue);
      await consume(channel, dead);
      const letter = await channel.next('basic.deliver');
      assert.deepEqual([letter.exchange, letter.routingKey], [exchange, 'dead']);
    }),
    onChannel('a dead letter goes to every queue that is bound', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'fanout');
      const queue = await bench.queue(channel, {
        exclusive: true,
        arguments: { 'x-dead-letter-exchange': exchange },
      });
      for (const name of [await bench.queue(channel), await bench.queue(channel)]) {
        await channel.call('queue.bind', { queue: name, exchange });
        await consume(channel, name);
      }
      await fill(channel, queue, ['a']);
      await rejectOne(channel, queue);
      assert.deepEqual(await bodiesOf(channel, 2), ['a', 'a']);
    }),
    ...(['basic.nack', 'basic.reject'] as const).map((method) =>
      onChannel(`a letter of ${method} that waited is delivered anew`, async (channel, bench) => {
        const dead = await bench.queue(channel);
        const queue = await bench.queue(channel, dyingInto(dead));
        await fill(channel, queue, ['a']);
        channel.send(method, { deliveryTag: (await getOne(channel, queue)).deliveryTag });
        await channel.settle(queue, dead);
        // RabbitMQ 4.3 takes the letter of a reject for redelivered where no consumer was waiting for it.
        const again = bench.profile === '4.3' && method === 'basic.reject';
        assert.equal((await getOne(channel, dead)).redelivered, again);
      }),
    ),
    onChannel('a dead letter keeps body and properties', async (channel, bench) => {
      const { queue } = await mortalQueue(channel, bench);
      const body = Buffer.from(Array.from({ length: 10_000 }, (_, index) => index % 256));
      const sent = { ...allButExpiration, headers: { mine: 'kept' } };
      channel.publish({ routingKey: queue, properties: sent, body });
      await rejectOne(channel, queue);
      const letter = await channel.next('basic.deliver');
      assert.deepEqual(letter.body, body);
      const { headers, ...kept } = letter.properties;
      assert.deepEqual({ ...kept }, allButExpiration);
      assert.equal(headers?.['mine'], 'kept');
    }),
    onChannel('the exchange need not be there before the queue', async (channel, bench) => {
      const exchange = bench.name('exchange');
      const queue = await bench.queue(channel, {
        exclusive: true,
        arguments: { 'x-dead-letter-exchange': exchange },
      });
      await fill(channel, queue, ['a']);
      const dead = await bench.queue(channel);
      bench.discardExchange(exchange);
      await channel.call('exchange.declare', { exchange, type: 'fanout' });
      await channel.call('queue.bind', { queue: dead, exchange });
      await consume(channel, dead);
      await rejectOne(channel, queue);
      assert.deepEqual(await bodiesOf(channel, 1), ['a']);
    }),
    onChannel('an alternate exchange gets the letters nobody takes', async (channel, bench) => {
      const alternate = await bench.exchange(channel, 'fanout');
      const exchange = await bench.exchange(channel, 'direct', {
        arguments: { 'alternate-exchange': alternate },
      });
      const dead = await bench.queue(channel);
      await channel.call('queue.bind', { queue: dead, exchange: alternate });
      const queue = await bench.queue(channel, {
        exclusive: true,
        arguments: { 'x-dead-letter-exchange': exchange },
      });
      await fill(channel, queue, ['a']);
      await consume(channel, dead);
      await rejectOne(channel, queue);
      assert.deepEqual(await bodiesOf(channel, 1), ['a']);
    }),
  ];
}

function lostCases({ onChannel }: Suite): BrokerCase[] {
  return [
    ...survivals.map(({ title, use }) =>
      onChannel(`${title} makes no dead letter`, async (channel, bench) => {
        const { queue, dead } = await mortalQueue(channel, bench);
        await fill(channel, queue, ['a', 'b']);
        await getOne(channel, queue);
        await use(channel, queue);
        await channel.expectNothing(queue, dead);
      }),
    ),
    onChannel('deleting a queue makes no dead letters', async (channel, bench) => {
      const { queue, dead } = await mortalQueue(channel, bench);
      await fill(channel, queue, ['a']);
      assert.equal((await channel.call('queue.delete', { queue })).messageCount, 1);
      await channel.expectNothing(dead);
    }),
    ...['x-dead-letter-exchange that is missing', 'exchange without a binding'].map((title) =>
      onChannel(`a dead letter for an ${title} is gone`, async (channel, bench) => {
        const exchange = title.includes('missing')
          ? bench.name('exchange')
          : await bench.exchange(channel, 'direct');
        const queue = await bench.queue(channel, {
          exclusive: true,
          arguments: { 'x-dead-letter-exchange': exchange },
        });
        await fill(channel, queue, ['a'], { mandatory: true });
        await rejectOne(channel, queue);
        await channel.expectNothing(queue);
        assert.equal(await channel.get(queue), undefined);
      }),
    ),
    onChannel(
      'without a dead letter exchange a rejected message is gone',
      async (channel, bench) => {
        const queue = await bench.queue(channel);
        await fill(channel, queue, ['a', 'b']);
        await rejectOne(channel, queue);
        assert.equal((await getOne(channel, queue)).text, 'b');
      },
    ),
  ];
}

function cycleCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('what expires in a cycle is dropped from it alone', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'fanout');
      const witness = await bench.queue(channel);
      const last = await bench.queue(channel, {
        exclusive: true,
        arguments: { 'x-message-ttl': 50, 'x-dead-letter-exchange': exchange },
      });
      const first = await bench.queue(channel, dyingInto(last, { 'x-message-ttl': 50 }));
      for (const queue of [first, witness]) await channel.call('queue.bind', { queue, exchange });
      await consume(channel, witness);
      channel.publish({ routingKey: first, body: 'a' });
      assert.deepEqual(await bodiesOf(channel, 1), ['a']);
      await channel.settle(first, last);
      for (const queue of [first, last]) assert.equal(await channel.get(queue), undefined);
    }),
    onChannel('what expires from a queue into itself is dropped', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'fanout');
      const queue = await bench.queue(channel, {
        exclusive: true,
        arguments: { 'x-message-ttl': 50, 'x-dead-letter-exchange': exchange },
      });
      const witness = await bench.queue(channel);
      for (const name of [queue, witness])
        await channel.call('queue.bind', { queue: name, exchange });
      await consume(channel, witness);
      channel.publish({ routingKey: queue, body: 'a' });
      assert.deepEqual(await bodiesOf(channel, 1), ['a']);
      assert.equal(await channel.get(queue), undefined);
      await channel.expectNothing(queue, witness);
    }),
    onChannel('what a full queue drops into itself is gone', async (channel, bench) => {
      const queue = await bench.queue(channel, {
        exclusive: true,
        arguments: { 'x-max-length': 1, 'x-dead-letter-exchange': '' },
      });
      await fill(channel, queue, ['a', 'b']);
      await channel.settle(queue);
      assert.equal((await getOne(channel, queue)).text, 'b');
      assert.equal(await channel.get(queue), undefined);
    }),
    onChannel('a rejected message may go round for ever', async (channel, bench) => {
      const queue = await bench.queue(channel, {
        exclusive: true,
        arguments: { 'x-dead-letter-exchange': '' },
      });
      await consume(channel, queue);
      channel.publish({ routingKey: queue, body: 'a' });
      for (let round = 1; round <= 5; round++) {
        const { deliveryTag, text, redelivered } = await channel.next('basic.deliver');
        assert.deepEqual([text, redelivered], ['a', false]);
        channel.send('basic.reject', { deliveryTag });
      }
    }),
    onChannel('a message may go round by rejects and expiries for ever', async (channel, bench) => {
      const work = bench.name('queue');
      const wait = await bench.queue(channel, dyingInto(work, { 'x-message-ttl': 50 }));
      await channel.call('queue.declare', { queue: work, ...dyingInto(wait) });
      await consume(channel, work);
      channel.publish({ routingKey: work, body: 'a' });
      for (let round = 1; round <= 3; round++) {
        const { deliveryTag, text } = await channel.next('basic.deliver');
        assert.equal(text, 'a');
        channel.send('basic.reject', { deliveryTag });
      }
    }),
  ];
}
