import assert from 'node:assert/strict';
import { fill } from './bench.ts';
import type { BrokerCase, Suite } from './suite.ts';
import { boundQueue, drain, expectNoExchange, expectRefusal, untilNoExchange } from './topology.ts';

/** Deleting exchanges, and those that are deleted with what they route to. */
export function exchangeDeleteCases(suite: Suite): BrokerCase[] {
  return [...deleteCases(suite), ...ifUnusedCases(suite), ...autoDeleteCases(suite)];
}

function deleteCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('an exchange that is deleted is not there any more', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'fanout');
      await channel.call('exchange.delete', { exchange });
      await expectNoExchange(channel, exchange);
    }),
    onChannel('deleting an exchange that is missing is fine', async (channel, bench) => {
      await channel.call('exchange.delete', { exchange: bench.name() });
      await channel.call('exchange.delete', { exchange: bench.name(), ifUnused: true });
    }),
    onChannel('an exchange is deleted without waiting', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'fanout');
      channel.send('exchange.delete', { exchange, nowait: true });
      await channel.expectNothing();
      await expectNoExchange(channel, exchange);
    }),
    onChannel('the bindings of an exchange go with it', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'fanout');
      const queue = await boundQueue(channel, bench, { exchange });
      await channel.call('exchange.delete', { exchange });
      await channel.call('exchange.declare', { exchange, type: 'fanout' });
      channel.publish({ exchange, body: 'a' });
      assert.deepEqual(await drain(channel, queue), []);
    }),
    ...['amq.direct', 'amq.rabbitmq.trace', ''].map((exchange) =>
      onChannel(`exchange '${exchange}' may not be deleted`, async (channel) => {
        channel.send('exchange.delete', { exchange });
        await channel.expectClose(403, 'exchange.delete');
      }),
    ),
  ];
}

function ifUnusedCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('an exchange that routes to a queue is in use', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'fanout');
      const queue = await boundQueue(channel, bench, { exchange });
      channel.send('exchange.delete', { exchange, ifUnused: true });
      await expectRefusal(channel, 406, 'exchange.delete');
      channel.publish({ exchange, body: 'a' });
      assert.deepEqual(await drain(channel, queue), ['a']);
      await channel.call('queue.unbind', { queue, exchange });
      await channel.call('exchange.delete', { exchange, ifUnused: true });
      await expectNoExchange(channel, exchange);
    }),
    onChannel(
      'an exchange that routes to an exchange is in use, the other is not',
      async (channel, bench) => {
        const source = await bench.exchange(channel, 'fanout');
        const destination = await bench.exchange(channel, 'fanout');
        await channel.call('exchange.bind', { source, destination });
        channel.send('exchange.delete', { exchange: source, ifUnused: true });
        await expectRefusal(channel, 406, 'exchange.delete');
        await channel.call('exchange.delete', { exchange: destination, ifUnused: true });
        await channel.call('exchange.delete', { exchange: source, ifUnused: true });
      },
    ),
  ];
}

function autoDeleteCases({ onChannel }: Suite): BrokerCase[] {
  const autoDelete = { autoDelete: true };
  return [
    onChannel('an auto-delete exchange goes with its last binding', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'direct', autoDelete);
      const queue = await bench.queue(channel);
      for (const routingKey of ['a', 'b'])
        await channel.call('queue.bind', { queue, exchange, routingKey });
      await channel.call('queue.unbind', { queue, exchange, routingKey: 'a' });
      await channel.call('exchange.declare', { exchange, passive: true });
      await channel.call('queue.unbind', { queue, exchange, routingKey: 'b' });
      await expectNoExchange(channel, exchange);
    }),
    onChannel(
      'an auto-delete exchange stays until something has been bound',
      async (channel, bench) => {
        const exchange = await bench.exchange(channel, 'direct', autoDelete);
        const queue = await bench.queue(channel);
        await channel.call('queue.unbind', { queue, exchange, routingKey: 'a' });
        await channel.call('exchange.declare', { exchange, passive: true });
      },
    ),
    onChannel('an auto-delete exchange goes with its last queue', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'fanout', autoDelete);
      const one = await boundQueue(channel, bench, { exchange });
      const two = await boundQueue(channel, bench, { exchange });
      await channel.call('queue.delete', { queue: one });
      await channel.call('exchange.declare', { exchange, passive: true });
      await channel.call('queue.delete', { queue: two });
      await expectNoExchange(channel, exchange);
    }),
    onChannel('an auto-delete exchange goes with the last it routes to', async (channel, bench) => {
      const source = await bench.exchange(channel, 'fanout', autoDelete);
      const destination = await bench.exchange(channel, 'fanout', autoDelete);
      await channel.call('exchange.bind', { source, destination });
      await channel.call('exchange.unbind', { source, destination });
      await expectNoExchange(channel, source);
      await channel.call('exchange.declare', { exchange: destination, passive: true });
    }),
    onChannel(
      'a chain of auto-delete exchanges goes with the queue at its end',
      async (channel, bench) => {
        const source = await bench.exchange(channel, 'fanout', autoDelete);
        const destination = await bench.exchange(channel, 'fanout', autoDelete);
        const queue = await bench.queue(channel);
        await channel.call('exchange.bind', { source, destination });
        await channel.call('queue.bind', { queue, exchange: destination });
        await channel.call('queue.delete', { queue });
        await expectNoExchange(channel, destination);
        await expectNoExchange(channel, source);
      },
    ),
    onChannel(
      'an auto-delete exchange goes with the connection of its exclusive queue',
      async (channel, bench) => {
        const exchange = await bench.exchange(channel, 'fanout', autoDelete);
        const connection = await bench.connect();
        const other = await connection.channel();
        const queue = await bench.queue(other);
        await other.call('queue.bind', { queue, exchange });
        await connection.close();
        await untilNoExchange(channel, exchange);
      },
    ),
    onChannel(
      'an auto-delete exchange may be deleted while it is bound',
      async (channel, bench) => {
        const exchange = await bench.exchange(channel, 'fanout', autoDelete);
        const queue = await bench.queue(channel);
        await channel.call('queue.bind', { queue, exchange });
        await channel.call('exchange.delete', { exchange });
        await expectNoExchange(channel, exchange);
        await fill(channel, queue, ['a']);
        assert.deepEqual(await drain(channel, queue), ['a']);
      },
    ),
  ];
}
