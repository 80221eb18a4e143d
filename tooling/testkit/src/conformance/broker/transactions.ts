import assert from 'node:assert/strict';
import { fill, hold } from './bench.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** Channels in transaction mode. */
export function transactionCases(suite: Suite): BrokerCase[] {
  return [...modeCases(suite), ...publishCases(suite), ...ackCases(suite)];
}

function modeCases({ onChannel }: Suite): BrokerCase[] {
  return [
    ...(['tx.commit', 'tx.rollback'] as const).map((method) =>
      onChannel(`${method} is refused without tx.select`, async (channel) => {
        channel.send(method);
        await channel.expectClose(406, method);
      }),
    ),
    onChannel('tx.select may be repeated, and drops nothing', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await channel.call('tx.select');
      channel.publish({ routingKey: queue, body: 'a' });
      await channel.call('tx.select');
      await channel.call('tx.commit');
      assert.equal((await channel.get(queue))?.text, 'a');
    }),
    onChannel('an empty transaction may be ended', async (channel) => {
      await channel.call('tx.select');
      await channel.call('tx.commit');
      await channel.call('tx.rollback');
      await channel.call('tx.commit');
    }),
  ];
}

function publishCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('what is published is in the queue once it is committed', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await channel.call('tx.select');
      await fill(channel, queue, ['a', 'b']);
      assert.equal(await channel.get(queue), undefined);
      await channel.call('tx.commit');
      assert.equal((await channel.get(queue))?.text, 'a');
      assert.equal((await channel.get(queue))?.text, 'b');
    }),
    onChannel('what is rolled back is not published', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await channel.call('tx.select');
      channel.publish({ routingKey: queue, body: 'no' });
      await channel.call('tx.rollback');
      channel.publish({ routingKey: queue, body: 'yes' });
      await channel.call('tx.commit');
      assert.equal((await channel.get(queue))?.text, 'yes');
      assert.equal(await channel.get(queue), undefined);
    }),
    onChannel('a commit begins the next transaction', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await channel.call('tx.select');
      await channel.call('tx.commit');
      channel.publish({ routingKey: queue });
      assert.equal(await channel.get(queue), undefined);
    }),
    onChannel('a channel that closes commits nothing', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await channel.call('tx.select');
      channel.publish({ routingKey: queue });
      await channel.call('channel.close', { replyCode: 200 });
      await channel.call('channel.open');
      assert.equal(await channel.get(queue), undefined);
    }),
    onChannel('a mandatory message comes back when it is committed', async (channel, bench) => {
      await channel.call('tx.select');
      channel.publish({ routingKey: bench.name(), mandatory: true, body: 'back' });
      await channel.expectNothing();
      channel.send('tx.commit');
      assert.equal((await channel.next('basic.return')).text, 'back');
      await channel.next('tx.commit-ok');
    }),
    onChannel(
      'a message finds its queues at the commit, from 4.0 on before',
      async (channel, bench) => {
        const other = await bench.channel();
        const queue = bench.name();
        bench.discardQueue(queue);
        await channel.call('tx.select');
        channel.publish({ routingKey: queue, body: 'a' });
        await channel.settle();
        await other.call('queue.declare', { queue, durable: true });
        await channel.call('tx.commit');
        assert.equal((await channel.get(queue))?.text, bench.profile === '3.10' ? 'a' : undefined);
      },
    ),
    onChannel('a missing exchange closes the channel at once', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await channel.call('tx.select');
      channel.publish({ routingKey: queue });
      channel.publish({ exchange: bench.name() });
      await channel.expectClose(404, 'basic.publish');
      await channel.call('channel.open');
      assert.equal(await channel.get(queue), undefined);
    }),
  ];
}

function ackCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('an ack counts once it is committed', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await fill(channel, queue, ['a']);
      await channel.call('tx.select');
      await hold(channel, queue, 1);
      channel.send('basic.ack', { deliveryTag: 1 });
      await channel.call('tx.commit');
      await channel.call('channel.close', { replyCode: 200 });
      await channel.call('channel.open');
      assert.equal(await channel.get(queue), undefined);
    }),
    onChannel('an ack that is not committed does not count', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await fill(channel, queue, ['a']);
      await channel.call('tx.select');
      await hold(channel, queue, 1);
      channel.send('basic.ack', { deliveryTag: 1 });
      await channel.call('channel.close', { replyCode: 200 });
      await channel.call('channel.open');
      assert.equal((await channel.get(queue))?.redelivered, true);
    }),
    onChannel('a requeue waits for the commit', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await fill(channel, queue, ['a']);
      await channel.call('tx.select');
      await channel.get(queue);
      channel.send('basic.nack', { deliveryTag: 1, requeue: true });
      assert.equal(await channel.get(queue), undefined);
      await channel.call('tx.commit');
      assert.equal((await channel.get(queue))?.text, 'a');
    }),
    onChannel('an ack that is rolled back may be sent again', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await fill(channel, queue, ['a']);
      await channel.call('tx.select');
      await channel.get(queue);
      channel.send('basic.ack', { deliveryTag: 1 });
      await channel.call('tx.rollback');
      assert.equal(await channel.get(queue), undefined);
      channel.send('basic.nack', { deliveryTag: 1, requeue: true });
      await channel.call('tx.commit');
      assert.equal((await channel.get(queue))?.text, 'a');
    }),
    onChannel('a message may not be acked twice in a transaction', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await fill(channel, queue, ['a']);
      await channel.call('tx.select');
      await channel.get(queue);
      channel.send('basic.ack', { deliveryTag: 1 });
      channel.send('basic.ack', { deliveryTag: 1 });
      await channel.expectClose(406, 'basic.ack');
    }),
  ];
}
