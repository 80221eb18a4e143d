import type { Methods } from '../../amqp/methods.ts';
import type { BrokerCase, Suite } from './suite.ts';
import { expectNoExchange, expectRefusal } from './topology.ts';

type ExchangeFields = Omit<Methods['exchange.declare'], 'exchange'>;

const types = ['direct', 'fanout', 'topic', 'headers'] as const;

/** The exchanges that every vhost has from the start; all are durable. */
const predeclared: readonly (readonly [exchange: string, fields: ExchangeFields])[] = [
  ['amq.direct', { type: 'direct' }],
  ['amq.fanout', { type: 'fanout' }],
  ['amq.topic', { type: 'topic' }],
  ['amq.headers', { type: 'headers' }],
  ['amq.match', { type: 'headers' }],
  ['amq.rabbitmq.trace', { type: 'topic', internal: true }],
];

/** How an exchange may differ from one that is declared with `declared`. */
const declared = { type: 'topic', arguments: { 'alternate-exchange': 'one' } };
const differences: readonly (readonly [what: string, fields: ExchangeFields])[] = [
  ['another type', { ...declared, type: 'direct' }],
  ['another durability', { ...declared, durable: true }],
  ['auto-delete changed', { ...declared, autoDelete: true }],
  ['internal changed', { ...declared, internal: true }],
  ['another alternate', { ...declared, arguments: { 'alternate-exchange': 'two' } }],
  ['its alternate left out', { type: 'topic' }],
];

/** Declaring exchanges. */
export function exchangeCases(suite: Suite): BrokerCase[] {
  return [
    ...declaringCases(suite),
    ...redeclaringCases(suite),
    ...reservedCases(suite),
    ...noWaitCases(suite),
  ];
}

function declaringCases({ onChannel, onConnection }: Suite): BrokerCase[] {
  return [
    ...types.map((type) =>
      onChannel(`a ${type} exchange is declared, and is there`, async (channel, bench) => {
        const exchange = await bench.exchange(channel, type);
        await channel.call('exchange.declare', { exchange, passive: true });
      }),
    ),
    ...['x-no-such-type', ''].map((type) =>
      onConnection(`type '${type}' is no type of exchange`, async (connection, bench) => {
        const channel = await connection.channel();
        channel.send('exchange.declare', { exchange: bench.name(), type });
        if (bench.profile === '3.10') await connection.expectClose(503, 'exchange.declare');
        else await channel.expectClose(406, 'exchange.declare');
      }),
    ),
    onChannel(
      'a passive declaration of an exchange that is missing is refused',
      async (channel, bench) => {
        await expectNoExchange(channel, bench.name());
        await channel.expectNothing();
      },
    ),
    onChannel('a passive declaration compares nothing', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'topic');
      for (const type of ['direct', 'x-no-such-type'])
        await channel.call('exchange.declare', {
          exchange,
          type,
          passive: true,
          durable: true,
          internal: true,
          arguments: { 'alternate-exchange': 'other' },
        });
    }),
    onChannel('an alternate need not exist', async (channel, bench) => {
      const alternate = bench.name();
      await bench.exchange(channel, 'fanout', { arguments: { 'alternate-exchange': alternate } });
      await expectNoExchange(channel, alternate);
    }),
    onChannel('the name of an alternate must be a string', async (channel, bench) => {
      const exchange = bench.name();
      const alternate = { 'alternate-exchange': 5 };
      channel.send('exchange.declare', { exchange, type: 'fanout', arguments: alternate });
      await expectRefusal(channel, 406, 'exchange.declare');
      await expectNoExchange(channel, exchange);
    }),
    onChannel('line ends are taken out of the name of an exchange', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'fanout');
      await channel.call('exchange.declare', { exchange: `\r\n${exchange}\n`, passive: true });
    }),
  ];
}

function redeclaringCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('an exchange may be declared again as it is', async (channel, bench) => {
      const fields = {
        durable: true,
        autoDelete: true,
        internal: true,
        arguments: { 'alternate-exchange': 'other' },
      };
      const exchange = await bench.exchange(channel, 'topic', fields);
      await channel.call('exchange.declare', { ...fields, exchange, type: 'topic' });
    }),
    ...differences.map(([what, fields]) =>
      onChannel(`an exchange may not be declared again with ${what}`, async (channel, bench) => {
        const { type, ...rest } = declared;
        const exchange = await bench.exchange(channel, type, rest);
        channel.send('exchange.declare', { ...fields, exchange });
        await expectRefusal(channel, 406, 'exchange.declare');
        await channel.call('exchange.declare', { ...declared, exchange });
      }),
    ),
    onChannel('an alternate may not be added to an exchange', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'topic');
      channel.send('exchange.declare', { ...declared, exchange });
      await channel.expectClose(406, 'exchange.declare');
    }),
    onChannel('arguments that mean nothing are not compared', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'topic', { arguments: { 'x-foo': 1 } });
      for (const args of [{ 'x-foo': 'two' }, {}])
        await channel.call('exchange.declare', { exchange, type: 'topic', arguments: args });
    }),
  ];
}

function reservedCases({ onChannel }: Suite): BrokerCase[] {
  return [
    ...predeclared.map(([exchange, fields]) =>
      onChannel(`${exchange} is there from the start`, async (channel) => {
        await channel.call('exchange.declare', { exchange, durable: true, ...fields });
      }),
    ),
    onChannel('a predeclared exchange may not be declared otherwise', async (channel) => {
      channel.send('exchange.declare', { exchange: 'amq.direct', type: 'fanout', durable: true });
      await expectRefusal(channel, 406, 'exchange.declare');
      channel.send('exchange.declare', { exchange: 'amq.direct', type: 'direct' });
      await expectRefusal(channel, 406, 'exchange.declare');
    }),
    onChannel('a new exchange may not have a name in amq.', async (channel, bench) => {
      const exchange = `amq.${bench.name()}`;
      channel.send('exchange.declare', { exchange, type: 'direct' });
      await expectRefusal(channel, 403, 'exchange.declare');
      await expectNoExchange(channel, exchange);
    }),
    onChannel('only amq and a dot are reserved', async (channel, bench) => {
      const exchange = bench.name('amq');
      bench.discardExchange(exchange);
      await channel.call('exchange.declare', { exchange, type: 'direct' });
    }),
    ...[false, true].map((passive) =>
      onChannel(
        `the default exchange may not be declared${passive ? ', not even passively' : ''}`,
        async (channel) => {
          channel.send('exchange.declare', {
            exchange: '',
            type: 'direct',
            durable: true,
            passive,
          });
          await channel.expectClose(403, 'exchange.declare');
        },
      ),
    ),
  ];
}

function noWaitCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('an exchange that is declared without waiting is there', async (channel, bench) => {
      const exchange = bench.name();
      bench.discardExchange(exchange);
      channel.send('exchange.declare', { exchange, type: 'fanout', nowait: true });
      channel.send('exchange.declare', { exchange, type: 'fanout', passive: true, nowait: true });
      await channel.expectNothing();
      await channel.call('exchange.declare', { exchange, passive: true });
    }),
    onChannel('a declaration without waiting is refused all the same', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'fanout');
      channel.send('exchange.declare', { exchange, type: 'direct', nowait: true });
      await channel.expectClose(406, 'exchange.declare');
    }),
  ];
}
