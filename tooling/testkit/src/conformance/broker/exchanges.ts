import type { BrokerCase, Suite } from './suite.ts';

/** Declaring and deleting exchanges. */
export function exchangeCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('an exchange may be declared again as it is', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'topic', { durable: true });
      await channel.call('exchange.declare', { exchange, type: 'topic', durable: true });
    }),
    onChannel('an exchange may not be declared again with another type', async (channel, bench) => {
      const exchange = await bench.exchange(channel, 'topic');
      channel.send('exchange.declare', { exchange, type: 'direct' });
      await channel.expectClose(406, 'exchange.declare');
    }),
  ];
}
