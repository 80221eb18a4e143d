import assert from 'node:assert/strict';
import { uniqueName } from '../../with-broker.ts';
import { collect, outgoing, soon, tempQueue } from './bench.ts';
import type { DriverCase, Suite } from './suite.ts';

/** Consumers and settlements. */
export function consumingCases(suite: Suite): DriverCase[] {
  return [
    {
      title: 'deliveries that come while consume is still settling are not lost',
      run: async () => {
        await using bench = await suite.connect();
        const channel = await bench.publisher();
        const queue = await tempQueue(channel);
        for (let index = 0; index < 500; index++)
          channel.publish(outgoing(queue, { body: Buffer.from([index % 256]) }));
        await bench.allConfirmed(500);
        const { tag, deliveries } = await collect(channel, queue, { noAck: true });
        const received = await deliveries.take(500);
        assert.deepEqual(
          received.map(({ body }) => body[0]),
          Array.from({ length: 500 }, (_, index) => index % 256),
        );
        assert.ok(received.every(({ consumerTag }) => consumerTag === tag));
      },
    },
    {
      title: 'a delivery says where it was published, and whether it was delivered before',
      run: async () => {
        await using bench = await suite.connect();
        const channel = await bench.publisher();
        const queue = await tempQueue(channel);
        const { deliveries } = await collect(channel, queue);
        channel.publish(outgoing(queue, { exchange: 'amq.direct', mandatory: false }));
        await channel.bindQueue(bindingOf(queue, 'amq.direct'));
        channel.publish(outgoing(queue, { exchange: 'amq.direct' }));
        const first = await deliveries.next();
        assert.deepEqual(
          [first.exchange, first.routingKey, first.redelivered, first.deliveryTag],
          ['amq.direct', queue, false, 1],
        );
        channel.nack(first.deliveryTag, true);
        const again = await deliveries.next();
        assert.deepEqual([again.redelivered, again.deliveryTag], [true, 2]);
        await channel.unbindQueue(bindingOf(queue, 'amq.direct'));
      },
    },
    {
      title: 'an acknowledgement of several settles all up to it, and no more',
      run: async () => {
        await using bench = await suite.connect();
        const channel = await bench.publisher();
        const queue = await tempQueue(channel);
        for (let index = 0; index < 5; index++) channel.publish(outgoing(queue));
        const { deliveries } = await collect(channel, queue);
        const received = await deliveries.take(5);
        channel.ack(received[2]?.deliveryTag ?? 0, true);
        channel.ack(received[4]?.deliveryTag ?? 0, false);
        await soon(channel.close(), 'channel.close');
        const other = await bench.channel();
        assert.equal((await other.checkQueue(queue)).messageCount, 1);
      },
    },
    {
      title: 'reject drops a message, or puts it back, as asked',
      run: async () => {
        await using bench = await suite.connect();
        const channel = await bench.publisher();
        const queue = await tempQueue(channel);
        const { deliveries } = await collect(channel, queue);
        channel.publish(outgoing(queue));
        channel.reject((await deliveries.next()).deliveryTag, true);
        const again = await deliveries.next();
        assert.equal(again.redelivered, true);
        channel.reject(again.deliveryTag, false);
        await soon(channel.close(), 'channel.close');
        assert.equal((await (await bench.channel()).checkQueue(queue)).messageCount, 0);
      },
    },
    {
      title: 'reject counts towards the delivery limit of a quorum queue',
      run: () => rejectCounts(suite),
    },
    {
      title: 'a prefetch bounds what is delivered and not settled',
      run: async () => {
        await using bench = await suite.connect();
        const channel = await bench.publisher();
        const queue = await tempQueue(channel);
        await soon(channel.setQos(3, false), 'basic.qos');
        const { deliveries } = await collect(channel, queue);
        for (let index = 0; index < 10; index++) channel.publish(outgoing(queue));
        await bench.allConfirmed(10);
        const held = await deliveries.take(3);
        assert.equal((await channel.checkQueue(queue)).messageCount, 7);
        assert.equal(deliveries.size, 0);
        channel.ack(held[0]?.deliveryTag ?? 0, false);
        await deliveries.next();
      },
    },
    {
      title: 'a consumer that the broker cancels is told, by its tag',
      run: async () => {
        await using bench = await suite.connect();
        const channel = await bench.channel();
        const queue = await tempQueue(channel);
        const { tag } = await collect(channel, queue);
        const other = await bench.channel();
        await other.deleteQueue(queue, { ifUnused: false, ifEmpty: false });
        const told = await bench.next('cancelled');
        assert.deepEqual([told.channel, told.tag], [1, tag]);
        await tempQueue(channel);
      },
    },
    {
      title: 'after cancel the consumer gets nothing more, and its channel goes on',
      run: async () => {
        await using bench = await suite.connect();
        const channel = await bench.publisher();
        const queue = await tempQueue(channel);
        const { tag, deliveries } = await collect(channel, queue);
        await soon(channel.cancel(tag), 'basic.cancel');
        channel.publish(outgoing(queue));
        await bench.allConfirmed(1);
        assert.equal((await channel.checkQueue(queue)).messageCount, 1);
        assert.equal(deliveries.size, 0);
        assert.equal(bench.told.size, 0);
      },
    },
    {
      title: 'nothing is told of a channel after its close has begun',
      run: async () => {
        await using bench = await suite.connect();
        const publisher = await bench.publisher();
        const queue = await tempQueue(publisher);
        const channel = await bench.channel();
        const { deliveries } = await collect(channel, queue);
        publisher.publish(outgoing(queue));
        await bench.allConfirmed(1);
        await deliveries.next();
        const closing = channel.close();
        for (let index = 0; index < 100; index++) publisher.publish(outgoing(queue));
        await soon(closing, 'channel.close');
        while ((await bench.next('confirmed')).tag < 101);
        assert.equal(deliveries.size, 0);
        assert.equal((await publisher.checkQueue(queue)).messageCount, 101);
        assert.equal(bench.told.size, 0);
      },
    },
  ];
}

async function rejectCounts(suite: Suite): Promise<void> {
  await using bench = await suite.connect();
  const channel = await bench.publisher();
  const dead = await tempQueue(channel);
  const name = uniqueName('quorum');
  await channel.declareQueue({
    name,
    durable: true,
    exclusive: false,
    autoDelete: false,
    arguments: {
      'x-queue-type': 'quorum',
      'x-delivery-limit': 2,
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': dead,
    },
  });
  try {
    const rejected = await collect(channel, name);
    const buried = await collect(channel, dead, { noAck: true });
    channel.publish(outgoing(name));
    for (let attempt = 0; attempt < 3; attempt++)
      channel.reject((await rejected.deliveries.next()).deliveryTag, true);
    const letter = await buried.deliveries.next();
    assert.equal(Reflect.get(letter.headers ?? {}, 'x-first-death-reason'), 'delivery_limit');
    assert.equal(rejected.deliveries.size, 0);
  } finally {
    await channel.deleteQueue(name, { ifUnused: false, ifEmpty: false });
  }
}

function bindingOf(queue: string, source: string) {
  return { destination: queue, source, routingKey: queue, arguments: undefined };
}
