import assert from 'node:assert/strict';
import type { AmqpChannel } from '../../amqp/channel.ts';
import type { Method } from '../../amqp/methods.ts';
import { typed } from '../../amqp/values.ts';
import type { BrokerCase, Suite } from './suite.ts';
import { boundQueue, drain, expectRefusal } from './topology.ts';

/** What cannot be done with the default exchange. */
const onDefaultExchange: readonly (readonly [
  title: string,
  method: Method,
  send: (channel: AmqpChannel, queue: string) => void,
])[] = [
  [
    'no queue may be bound to the default exchange',
    'queue.bind',
    (channel, queue) => channel.send('queue.bind', { queue, exchange: '', routingKey: 'a' }),
  ],
  [
    'no queue may be unbound from the default exchange',
    'queue.unbind',
    (channel, queue) => channel.send('queue.unbind', { queue, exchange: '', routingKey: queue }),
  ],
  [
    'the default exchange may not be bound to an exchange',
    'exchange.bind',
    (channel) => channel.send('exchange.bind', { source: 'amq.direct', destination: '' }),
  ],
  [
    'no exchange may be bound to the default exchange',
    'exchange.bind',
    (channel) => channel.send('exchange.bind', { source: '', destination: 'amq.direct' }),
  ],
  [
    'no exchange may be unbound from the default exchange',
    'exchange.unbind',
    (channel) => channel.send('exchange.unbind', { source: '', destination: 'amq.direct' }),
  ],
];

/** Binding queues. */
export function bindingCases(suite: Suite): BrokerCase[] {
  return [
    ...bindCases(suite),
    ...differentBindingCases(suite),
    ...missingCases(suite),
    ...defaultExchangeCases(suite),
    ...lastDeclaredCases(suite),
  ];
}

function bindCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel(
      'a queue gets a message once, however many bindings match',
      async (channel, bench) => {
        const exchange = await bench.exchange(channel, 'topic');
        const queue = await bench.queue(channel);
        for (const routingKey of ['a.*', '#', 'a.b'])
          await channel.call('queue.bind', { queue, exchange, routingKey });
        channel.publish({ exchange, routingKey: 'a.b', body: 'once' });
        assert.deepEqual(await drain(channel, queue), ['once']);
      },
    ),
    onChannel('every queue that is bound gets a message', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'direct');
      const queues = [];
      for (let count = 0; count < 3; count++)
        queues.push(await boundQueue(channel, bench, { exchange, routingKey: 'a' }));
      channel.publish({ exchange, routingKey: 'a', body: 'each' });
      for (const queue of queues) assert.deepEqual(await drain(channel, queue), ['each']);
    }),
    onChannel('a binding that is made twice is one', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'direct');
      const queue = await boundQueue(channel, bench, { exchange, routingKey: 'a' });
      await channel.call('queue.bind', { queue, exchange, routingKey: 'a' });
      channel.publish({ exchange, routingKey: 'a', body: 'bound' });
      assert.deepEqual(await drain(channel, queue), ['bound']);
      await channel.call('queue.unbind', { queue, exchange, routingKey: 'a' });
      channel.publish({ exchange, routingKey: 'a', body: 'unbound' });
      assert.deepEqual(await drain(channel, queue), []);
    }),
    onChannel('what is unbound may be bound again', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'topic');
      const queue = await boundQueue(channel, bench, { exchange, routingKey: 'a.#' });
      await channel.call('queue.unbind', { queue, exchange, routingKey: 'a.#' });
      await channel.call('queue.bind', { queue, exchange, routingKey: 'a.#' });
      channel.publish({ exchange, routingKey: 'a.b', body: 'again' });
      assert.deepEqual(await drain(channel, queue), ['again']);
    }),
    onChannel('a queue is bound without waiting', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'direct');
      const queue = await bench.queue(channel);
      channel.send('queue.bind', { queue, exchange, routingKey: 'a', nowait: true });
      await channel.expectNothing();
      channel.publish({ exchange, routingKey: 'a', body: 'bound' });
      assert.deepEqual(await drain(channel, queue), ['bound']);
    }),
    onChannel('the bindings of a queue go with it', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'fanout');
      const queue = await boundQueue(channel, bench, { exchange });
      await channel.call('queue.delete', { queue });
      await channel.call('queue.declare', { queue, exclusive: true });
      channel.publish({ exchange, mandatory: true });
      assert.equal((await channel.next('basic.return')).replyCode, 312);
    }),
  ];
}

function differentBindingCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('bindings with different keys are different', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'fanout');
      const queue = await boundQueue(channel, bench, { exchange, routingKey: 'a' });
      await channel.call('queue.bind', { queue, exchange, routingKey: 'b' });
      await channel.call('queue.unbind', { queue, exchange, routingKey: 'a' });
      channel.publish({ exchange, body: 'still bound' });
      assert.deepEqual(await drain(channel, queue), ['still bound']);
    }),
    onChannel('bindings with different arguments are different', async (channel, bench) => {
      const binding = { exchange: await bench.exchange(channel, 'direct'), routingKey: 'a' };
      const queue = await boundQueue(channel, bench, { ...binding, arguments: { x: 1 } });
      await channel.call('queue.bind', { ...binding, queue, arguments: { x: 2 } });
      await channel.call('queue.unbind', { ...binding, queue, arguments: { x: 1 } });
      channel.publish({ ...binding, body: 'bound by two' });
      await channel.call('queue.unbind', { ...binding, queue, arguments: { x: 2 } });
      channel.publish({ ...binding, body: 'unbound' });
      assert.deepEqual(await drain(channel, queue), ['bound by two']);
    }),
    onChannel('arguments of another type are different', async (channel, bench) => {
      const binding = { exchange: await bench.exchange(channel, 'direct'), routingKey: 'a' };
      const queue = await boundQueue(channel, bench, {
        ...binding,
        arguments: { x: typed.int32(1) },
      });
      await channel.call('queue.unbind', { ...binding, queue, arguments: { x: typed.int64(1n) } });
      channel.publish({ ...binding, body: 'still bound' });
      assert.deepEqual(await drain(channel, queue), ['still bound']);
    }),
    onChannel('the order of arguments makes no difference', async (channel, bench) => {
      const binding = { exchange: await bench.exchange(channel, 'direct'), routingKey: 'a' };
      const queue = await boundQueue(channel, bench, { ...binding, arguments: { x: 1, y: 2 } });
      await channel.call('queue.unbind', { ...binding, queue, arguments: { y: 2, x: 1 } });
      channel.publish({ ...binding, body: 'unbound' });
      assert.deepEqual(await drain(channel, queue), []);
    }),
  ];
}

function missingCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('unbinding what is not bound is fine', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'direct');
      const queue = await boundQueue(channel, bench, { exchange, routingKey: 'a' });
      await channel.call('queue.unbind', { queue, exchange, routingKey: 'b' });
      channel.publish({ exchange, routingKey: 'a', body: 'still bound' });
      assert.deepEqual(await drain(channel, queue), ['still bound']);
    }),
    onChannel('unbinding what does not exist is fine', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'direct');
      const queue = await bench.queue(channel);
      await channel.call('queue.unbind', { queue, exchange: bench.name() });
      await channel.call('queue.unbind', { queue: bench.name(), exchange });
      await channel.call('queue.unbind', { queue: bench.name(), exchange: bench.name() });
    }),
    onChannel('a queue that is missing cannot be bound', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'direct');
      channel.send('queue.bind', { queue: bench.name(), exchange });
      await channel.expectClose(404, 'queue.bind');
    }),
    onChannel('a queue cannot be bound to an exchange that is missing', async (channel, bench) => {
      const queue = await bench.queue(channel);
      channel.send('queue.bind', { queue, exchange: bench.name() });
      await expectRefusal(channel, 404, 'queue.bind');
      channel.send('queue.bind', { queue, exchange: bench.name(), nowait: true });
      await channel.expectClose(404, 'queue.bind');
    }),
  ];
}

function defaultExchangeCases({ onChannel }: Suite): BrokerCase[] {
  return [
    ...onDefaultExchange.map(([title, method, send]) =>
      onChannel(title, async (channel, bench) => {
        send(channel, await bench.queue(channel));
        await channel.expectClose(403, method);
      }),
    ),
    onChannel('the default exchange routes by the names of queues', async (channel, bench) => {
      const queue = await bench.queue(channel);
      channel.publish({ routingKey: queue, body: 'a', mandatory: true });
      assert.deepEqual(await drain(channel, queue), ['a']);
      await channel.call('queue.delete', { queue });
      channel.publish({ routingKey: queue, mandatory: true });
      assert.equal((await channel.next('basic.return')).replyCode, 312);
    }),
  ];
}

function lastDeclaredCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('a binding without a queue is of the one declared last', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'direct');
      await bench.queue(channel);
      const queue = await bench.queue(channel);
      await channel.call('queue.bind', { exchange, routingKey: 'a' });
      channel.publish({ exchange, routingKey: 'a', body: 'bound' });
      assert.deepEqual(await drain(channel, queue), ['bound']);
      await channel.call('queue.unbind', { exchange, routingKey: 'a' });
      channel.publish({ exchange, routingKey: 'a', body: 'unbound' });
      assert.deepEqual(await drain(channel, queue), []);
    }),
    onChannel('a binding without queue and key has its name for a key', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'direct');
      const queue = await bench.queue(channel);
      await channel.call('queue.bind', { exchange });
      channel.publish({ exchange, routingKey: queue, body: 'bound' });
      channel.publish({ exchange, routingKey: '', body: 'elsewhere' });
      assert.deepEqual(await drain(channel, queue), ['bound']);
    }),
    onChannel('a binding that names its queue may have no key', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'direct');
      const queue = await boundQueue(channel, bench, { exchange });
      channel.publish({ exchange, routingKey: queue, body: 'elsewhere' });
      channel.publish({ exchange, routingKey: '', body: 'bound' });
      assert.deepEqual(await drain(channel, queue), ['bound']);
    }),
  ];
}
