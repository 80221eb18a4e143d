import type { BrokerCase, Suite } from './suite.ts';

/** Opening and closing channels. */
export function channelCases({ onConnection, onChannel }: Suite): BrokerCase[] {
  return [
    onConnection('a number may be opened again after it was closed', async (connection) => {
      const channel = await connection.channel(7);
      await channel.call('channel.close', { replyCode: 200 });
      await connection.channel(7);
      await channel.settle();
    }),
    onChannel('a number may be opened again after the broker closed it', async (channel, bench) => {
      channel.send('queue.declare', { queue: bench.name(), passive: true });
      await channel.expectClose(404, 'queue.declare');
      await channel.call('channel.open');
      await channel.expectNothing();
    }),
  ];
}
