import assert from 'node:assert/strict';
import { encodeMethod } from '../../amqp/codec.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** Frames, and the values in them. */
export function wireCases({ onConnection, onChannel }: Suite): BrokerCase[] {
  return [
    onConnection('a frame may arrive one byte at a time', async ({ socket }) => {
      await socket.writeInPieces(encodeMethod(1, 'channel.open', {}), 1);
      await socket.channel(1).next('channel.open-ok');
    }),
    onChannel('a body is delivered in frames of the size agreed upon', async (channel, bench) => {
      const queue = await bench.queue(channel);
      channel.publish({ routingKey: queue, body: Buffer.alloc(300_000) });
      const message = await channel.get(queue);
      assert.deepEqual(message?.bodyFrames, [131_064, 131_064, 37_872]);
    }),
  ];
}
