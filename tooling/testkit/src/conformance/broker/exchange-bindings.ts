import assert from 'node:assert/strict';
import type { BrokerCase, Suite } from './suite.ts';
import { boundQueue, drain, expectRefusal } from './topology.ts';

/** Binding exchanges to exchanges. */
export function exchangeBindingCases(suite: Suite): BrokerCase[] {
  return [...bindCases(suite), ...pathCases(suite)];
}

function bindCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('an exchange sends on what it is bound for', async (channel, bench) => {
      const source = await bench.exchange(channel, 'direct');
      const destination = await bench.exchange(channel, 'fanout');
      await channel.call('exchange.bind', { source, destination, routingKey: 'a' });
      const queue = await boundQueue(channel, bench, { exchange: destination });
      for (const routingKey of ['a', 'b'])
        channel.publish({ exchange: source, routingKey, body: routingKey });
      assert.deepEqual(await drain(channel, queue), ['a']);
    }),
    onChannel('a binding of exchanges that is made twice is one', async (channel, bench) => {
      const source = await bench.exchange(channel, 'fanout');
      const destination = await bench.exchange(channel, 'fanout');
      const queue = await boundQueue(channel, bench, { exchange: destination });
      for (let count = 0; count < 2; count++)
        await channel.call('exchange.bind', { source, destination });
      channel.publish({ exchange: source, body: 'bound' });
      await channel.call('exchange.unbind', { source, destination });
      channel.publish({ exchange: source, body: 'unbound' });
      assert.deepEqual(await drain(channel, queue), ['bound']);
    }),
    onChannel('exchanges are bound and unbound without waiting', async (channel, bench) => {
      const source = await bench.exchange(channel, 'fanout');
      const destination = await bench.exchange(channel, 'fanout');
      const queue = await boundQueue(channel, bench, { exchange: destination });
      channel.send('exchange.bind', { source, destination, nowait: true });
      await channel.expectNothing();
      channel.publish({ exchange: source, body: 'bound' });
      channel.send('exchange.unbind', { source, destination, nowait: true });
      await channel.expectNothing();
      channel.publish({ exchange: source, body: 'unbound' });
      assert.deepEqual(await drain(channel, queue), ['bound']);
    }),
    onChannel(
      'an exchange that is missing cannot be bound, nor bound to',
      async (channel, bench) => {
        const exchange = await bench.exchange(channel, 'fanout');
        const missing = bench.name();
        channel.send('exchange.bind', { source: missing, destination: exchange });
        await expectRefusal(channel, 404, 'exchange.bind');
        channel.send('exchange.bind', { source: exchange, destination: missing });
        await channel.expectClose(404, 'exchange.bind');
      },
    ),
    onChannel('unbinding exchanges that are not bound is fine', async (channel, bench) => {
      const source = await bench.exchange(channel, 'fanout');
      const destination = await bench.exchange(channel, 'fanout');
      await channel.call('exchange.unbind', { source, destination });
      await channel.call('exchange.unbind', { source, destination: bench.name() });
      await channel.call('exchange.unbind', { source: bench.name(), destination });
    }),
    onChannel(
      'the bindings of an exchange go with the one it is bound to',
      async (channel, bench) => {
        const source = await bench.exchange(channel, 'fanout');
        const destination = await bench.exchange(channel, 'fanout');
        await channel.call('exchange.bind', { source, destination });
        await channel.call('exchange.delete', { exchange: source });
        await channel.call('exchange.declare', { exchange: source, type: 'fanout' });
        await boundQueue(channel, bench, { exchange: destination });
        channel.publish({ exchange: source, mandatory: true });
        assert.equal((await channel.next('basic.return')).replyCode, 312);
      },
    ),
  ];
}

function pathCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('each exchange on the way routes by its own type', async (channel, bench) => {
      const source = await bench.exchange(channel, 'headers');
      const destination = await bench.exchange(channel, 'topic');
      await channel.call('exchange.bind', { source, destination, arguments: { a: 1 } });
      const queue = await boundQueue(channel, bench, { exchange: destination, routingKey: '*.b' });
      const properties = { headers: { a: 1 } };
      channel.publish({ exchange: source, routingKey: 'a.b', properties, body: 'both' });
      channel.publish({ exchange: source, routingKey: 'a.c', properties, body: 'headers' });
      channel.publish({ exchange: source, routingKey: 'a.b', body: 'key' });
      const message = await channel.get(queue);
      assert.deepEqual([message?.text, message?.exchange], ['both', source]);
      assert.deepEqual(await drain(channel, queue), []);
    }),
    onChannel(
      'a queue gets a message once, however many ways lead to it',
      async (channel, bench) => {
        const source = await bench.exchange(channel, 'fanout');
        const queue = await boundQueue(channel, bench, { exchange: source });
        for (let count = 0; count < 2; count++) {
          const destination = await bench.exchange(channel, 'fanout');
          await channel.call('exchange.bind', { source, destination });
          await channel.call('queue.bind', { queue, exchange: destination });
        }
        channel.publish({ exchange: source, body: 'once' });
        assert.deepEqual(await drain(channel, queue), ['once']);
      },
    ),
    onChannel('an exchange that is bound to itself routes once', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'fanout');
      await channel.call('exchange.bind', { source: exchange, destination: exchange });
      const queue = await boundQueue(channel, bench, { exchange });
      channel.publish({ exchange, body: 'once' });
      assert.deepEqual(await drain(channel, queue), ['once']);
    }),
    onChannel('a circle of exchanges routes once', async (channel, bench) => {
      const exchanges: string[] = [];
      for (let count = 0; count < 3; count++)
        exchanges.push(await bench.exchange(channel, 'fanout'));
      const queues: string[] = [];
      for (const [index, exchange] of exchanges.entries()) {
        const source = exchanges.at(index - 1) ?? exchange;
        await channel.call('exchange.bind', { source, destination: exchange });
        queues.push(await boundQueue(channel, bench, { exchange }));
      }
      for (const exchange of exchanges) channel.publish({ exchange, body: 'once' });
      for (const queue of queues)
        assert.deepEqual(await drain(channel, queue), ['once', 'once', 'once']);
    }),
  ];
}
