import assert from 'node:assert/strict';
import type { AmqpChannel } from '../../amqp/channel.ts';
import type { Bench } from './bench.ts';
import type { BrokerCase, Suite } from './suite.ts';
import { boundQueue, drain, expectRefusal } from './topology.ts';

/** Internal exchanges, and where messages go that an exchange routes nowhere. */
export function alternateExchangeCases(suite: Suite): BrokerCase[] {
  return [...internalCases(suite), ...alternateCases(suite), ...unroutableCases(suite)];
}

function internalCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('an internal exchange takes no messages of clients', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'fanout', { internal: true });
      channel.publish({ exchange });
      await expectRefusal(channel, 403, 'basic.publish');
      channel.publish({ exchange: 'amq.rabbitmq.trace' });
      await channel.expectClose(403, 'basic.publish');
    }),
    onChannel('an internal exchange takes messages of other exchanges', async (channel, bench) => {
      const destination = await bench.exchange(channel, 'fanout', { internal: true });
      const bound = await bench.exchange(channel, 'fanout');
      await channel.call('exchange.bind', { source: bound, destination });
      const lacking = await withAlternate(channel, bench, destination);
      const queue = await boundQueue(channel, bench, { exchange: destination });
      channel.publish({ exchange: bound, body: 'bound' });
      channel.publish({ exchange: lacking, body: 'alternate' });
      assert.deepEqual(await drain(channel, queue), ['bound', 'alternate']);
    }),
  ];
}

function alternateCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('an alternate gets what is routed nowhere, and only that', async (channel, bench) => {
      const alternate = await bench.exchange(channel, 'fanout');
      const exchange = await withAlternate(channel, bench, alternate);
      const known = await boundQueue(channel, bench, { exchange, routingKey: 'known' });
      const rest = await boundQueue(channel, bench, { exchange: alternate });
      channel.publish({ exchange, routingKey: 'known', body: 'a' });
      channel.publish({ exchange, routingKey: 'other', body: 'b' });
      assert.deepEqual(await drain(channel, known), ['a']);
      assert.deepEqual(await drain(channel, rest), ['b']);
    }),
    onChannel('a message keeps its exchange and key on its way', async (channel, bench) => {
      const alternate = await bench.exchange(channel, 'fanout');
      const exchange = await withAlternate(channel, bench, alternate);
      const queue = await boundQueue(channel, bench, { exchange: alternate });
      channel.publish({ exchange, routingKey: 'key' });
      const message = await channel.get(queue);
      assert.deepEqual([message?.exchange, message?.routingKey], [exchange, 'key']);
    }),
    onChannel('an alternate may have an alternate', async (channel, bench) => {
      const last = await bench.exchange(channel, 'fanout');
      const middle = await withAlternate(channel, bench, last);
      const first = await withAlternate(channel, bench, middle);
      const queues = [
        await boundQueue(channel, bench, { exchange: middle, routingKey: 'middle' }),
        await boundQueue(channel, bench, { exchange: last }),
      ];
      for (const routingKey of ['middle', 'last'])
        channel.publish({ exchange: first, routingKey, body: routingKey });
      for (const [index, body] of ['middle', 'last'].entries())
        assert.deepEqual(await drain(channel, queues[index] ?? ''), [body]);
    }),
    onChannel(
      'an exchange bound to another has routed a message, wherever that ends',
      async (channel, bench) => {
        const alternate = await bench.exchange(channel, 'fanout');
        const exchange = await withAlternate(channel, bench, alternate);
        const deadEnd = await bench.exchange(channel, 'fanout');
        await channel.call('exchange.bind', { source: exchange, destination: deadEnd });
        const queue = await boundQueue(channel, bench, { exchange: alternate });
        channel.publish({ exchange, mandatory: true });
        assert.equal((await channel.next('basic.return')).replyCode, 312);
        assert.deepEqual(await drain(channel, queue), []);
      },
    ),
    onChannel('an exchange on the way uses its alternate', async (channel, bench) => {
      const alternate = await bench.exchange(channel, 'fanout');
      const source = await bench.exchange(channel, 'fanout');
      const destination = await withAlternate(channel, bench, alternate);
      await channel.call('exchange.bind', { source, destination });
      const queue = await boundQueue(channel, bench, { exchange: alternate });
      channel.publish({ exchange: source, body: 'a' });
      assert.deepEqual(await drain(channel, queue), ['a']);
    }),
    onChannel(
      'an alternate that a message has been to already gets it once',
      async (channel, bench) => {
        const alternate = await bench.exchange(channel, 'fanout');
        const source = await bench.exchange(channel, 'fanout');
        const destination = await withAlternate(channel, bench, alternate);
        for (const to of [alternate, destination])
          await channel.call('exchange.bind', { source, destination: to });
        const queue = await boundQueue(channel, bench, { exchange: alternate });
        channel.publish({ exchange: source, body: 'a' });
        assert.deepEqual(await drain(channel, queue), ['a']);
      },
    ),
  ];
}

function unroutableCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('what the alternate routes is not returned', async (channel, bench) => {
      const alternate = await bench.exchange(channel, 'fanout');
      const exchange = await withAlternate(channel, bench, alternate);
      const queue = await boundQueue(channel, bench, { exchange: alternate });
      channel.publish({ exchange, mandatory: true });
      await channel.expectNothing(queue);
    }),
    onChannel('what the alternate does not route is returned', async (channel, bench) => {
      const alternate = await bench.exchange(channel, 'fanout');
      const exchange = await withAlternate(channel, bench, alternate);
      channel.publish({ exchange, mandatory: true });
      const returned = await channel.next('basic.return');
      assert.deepEqual([returned.replyCode, returned.exchange], [312, exchange]);
    }),
    onChannel('where the alternate is missing, a message is returned', async (channel, bench) => {
      const exchange = await withAlternate(channel, bench, bench.name());
      channel.publish({ exchange, mandatory: true });
      assert.equal((await channel.next('basic.return')).replyCode, 312);
    }),
    onChannel('a circle of alternates ends', async (channel, bench) => {
      const one = bench.name();
      const two = await withAlternate(channel, bench, one);
      bench.discardExchange(one);
      await channel.call('exchange.declare', {
        exchange: one,
        type: 'direct',
        arguments: { 'alternate-exchange': two },
      });
      const queue = await boundQueue(channel, bench, { exchange: two, routingKey: 'two' });
      channel.publish({ exchange: one, routingKey: 'none', mandatory: true });
      assert.equal((await channel.next('basic.return')).replyCode, 312);
      channel.publish({ exchange: one, routingKey: 'two', body: 'a', mandatory: true });
      assert.deepEqual(await drain(channel, queue), ['a']);
    }),
  ];
}

/** Declares a direct exchange with that alternate. */
async function withAlternate(
  channel: AmqpChannel,
  bench: Bench,
  alternate: string,
): Promise<string> {
  return await bench.exchange(channel, 'direct', {
    arguments: { 'alternate-exchange': alternate },
  });
}
