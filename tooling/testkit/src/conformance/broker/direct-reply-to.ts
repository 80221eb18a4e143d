import assert from 'node:assert/strict';
import type { AmqpChannel } from '../../amqp/channel.ts';
import { type Bench, consume } from './bench.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** The name under which a client consumes and publishes. */
const REPLY_TO = 'amq.rabbitmq.reply-to';

/** Publishes a request to a queue and gives the address that is in it when it comes out. */
async function request(channel: AmqpChannel, queue: string): Promise<string> {
  channel.publish({ routingKey: queue, properties: { replyTo: REPLY_TO } });
  const message = await channel.get(queue, { noAck: true });
  return message?.properties.replyTo ?? assert.fail('the request has no address');
}

/** A channel of a connection of its own that awaits replies, and its address. */
async function requester(
  bench: Bench,
): Promise<{ readonly client: AmqpChannel; readonly address: string }> {
  const client = await bench.channel();
  const queue = await bench.queue(client);
  await consume(client, REPLY_TO, { noAck: true });
  return { client, address: await request(client, queue) };
}

/** Replies without a queue. */
export function directReplyToCases(suite: Suite): BrokerCase[] {
  return [...replyCases(suite), ...addressCases(suite), ...refusalCases(suite)];
}

function replyCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('a reply reaches the requester on its connection', async (server, bench) => {
      const queue = await bench.queue(server, { durable: true });
      const client = await bench.channel();
      const consumerTag = await consume(client, REPLY_TO, { noAck: true });
      const properties = { replyTo: REPLY_TO, correlationId: '7' };
      client.publish({ routingKey: queue, properties, body: 'question' });
      await client.settle(queue);
      const asked = await server.get(queue);
      const { replyTo: routingKey = '', correlationId = '' } = asked?.properties ?? {};
      server.publish({ routingKey, properties: { correlationId }, body: 'answer' });
      const reply = await client.next('basic.deliver');
      assert.equal(reply.consumerTag, consumerTag);
      assert.equal(reply.deliveryTag, 1);
      assert.equal(reply.redelivered, false);
      assert.equal(reply.exchange, '');
      assert.equal(reply.routingKey, routingKey);
      assert.equal(reply.properties.correlationId, '7');
      assert.equal(reply.text, 'answer');
    }),
    onChannel('replies keep their order', async (server, bench) => {
      const { client, address } = await requester(bench);
      const texts = Array.from({ length: 20 }, (_, index) => String(index));
      for (const body of texts) server.publish({ routingKey: address, body });
      const replies = await client.take('basic.deliver', 20);
      assert.deepEqual(
        replies.map(({ text }) => text),
        texts,
      );
    }),
    onChannel('a reply is confirmed', async (server, bench) => {
      const { client, address } = await requester(bench);
      await server.call('confirm.select');
      server.publish({ routingKey: address });
      assert.equal((await server.next('basic.ack')).deliveryTag, 1);
      await client.next('basic.deliver');
    }),
    onChannel(
      'a mandatory reply comes back though it arrives, not so on 4.3',
      async (server, bench) => {
        const { client, address } = await requester(bench);
        server.publish({ routingKey: address, mandatory: true, body: 'answer' });
        assert.equal((await client.next('basic.deliver')).text, 'answer');
        if (bench.profile === '4.3') await server.expectNothing();
        else assert.equal((await server.next('basic.return')).replyCode, 312);
      },
    ),
    onChannel(
      'a mandatory reply to a closed channel comes back, not so on 4.3',
      async (server, bench) => {
        const { client, address } = await requester(bench);
        await client.call('channel.close', { replyCode: 200 });
        server.publish({ routingKey: address, mandatory: true, body: 'late' });
        if (bench.profile === '4.3') return await server.expectNothing();
        const returned = await server.next('basic.return');
        assert.equal(returned.replyCode, 312);
        assert.equal(returned.routingKey, address);
        assert.equal(returned.text, 'late');
      },
    ),
    onChannel('another reply to a channel that is closed is dropped', async (server, bench) => {
      const { client, address } = await requester(bench);
      await client.call('channel.close', { replyCode: 200 });
      server.publish({ routingKey: address });
      await server.expectNothing();
    }),
    onChannel('a mandatory reply to no address at all comes back', async (server) => {
      server.publish({ routingKey: `${REPLY_TO}.nobody`, mandatory: true });
      assert.equal((await server.next('basic.return')).replyCode, 312);
    }),
  ];
}

function addressCases({ onChannel, onConnection }: Suite): BrokerCase[] {
  return [
    onChannel('the address begins with the name, and stays', async (channel, bench) => {
      const queue = await bench.queue(channel);
      await consume(channel, REPLY_TO, { noAck: true });
      const address = await request(channel, queue);
      assert.match(address, /^amq\.rabbitmq\.reply-to\../);
      assert.equal(await request(channel, queue), address);
    }),
    onConnection('each channel has its own address', async (connection, bench) => {
      const [first, second] = [await connection.channel(), await connection.channel()];
      const queue = await bench.queue(first);
      for (const channel of [first, second]) await consume(channel, REPLY_TO, { noAck: true });
      assert.notEqual(await request(first, queue), await request(second, queue));
    }),
    onChannel('another reply-to is left alone', async (channel, bench) => {
      const queue = await bench.queue(channel);
      channel.publish({ routingKey: queue, properties: { replyTo: `${REPLY_TO}s` } });
      assert.equal((await channel.get(queue))?.properties.replyTo, `${REPLY_TO}s`);
    }),
    onChannel(
      'the address may be declared passively while it is awaited',
      async (server, bench) => {
        const { client, address } = await requester(bench);
        const declared = await server.call('queue.declare', { queue: address, passive: true });
        assert.deepEqual(
          [declared.queue, declared.messageCount, declared.consumerCount],
          [address, 0, 1],
        );
        await client.call('channel.close', { replyCode: 200 });
        server.send('queue.declare', { queue: address, passive: true });
        await server.expectClose(404, 'queue.declare');
      },
    ),
    onChannel('the name itself may be declared passively', async (channel) => {
      const { queue } = await channel.call('queue.declare', { queue: REPLY_TO, passive: true });
      assert.equal(queue, REPLY_TO);
    }),
    onChannel('a consumer that is cancelled may be followed by another', async (channel, bench) => {
      const queue = await bench.queue(channel);
      const consumerTag = await consume(channel, REPLY_TO, { noAck: true });
      await channel.call('basic.cancel', { consumerTag });
      const second = await consume(channel, REPLY_TO, { noAck: true });
      channel.publish({ routingKey: await request(channel, queue), body: 'answer' });
      assert.equal((await channel.next('basic.deliver')).consumerTag, second);
    }),
  ];
}

function refusalCases({ onChannel, onConnection }: Suite): BrokerCase[] {
  return [
    onChannel('a consumer with acks is refused', async (channel) => {
      channel.send('basic.consume', { queue: REPLY_TO });
      await channel.expectClose(406, 'basic.consume');
    }),
    onChannel('a second consumer of a channel is refused', async (channel) => {
      await consume(channel, REPLY_TO, { noAck: true });
      channel.send('basic.consume', { queue: REPLY_TO, noAck: true });
      await channel.expectClose(406, 'basic.consume');
    }),
    onChannel('a request without a consumer is refused', async (channel, bench) => {
      const queue = await bench.queue(channel);
      channel.publish({ routingKey: queue, properties: { replyTo: REPLY_TO } });
      await channel.expectClose(406, 'basic.publish');
    }),
    onChannel('a request behind a cancelled consumer is refused', async (channel, bench) => {
      const queue = await bench.queue(channel);
      const consumerTag = await consume(channel, REPLY_TO, { noAck: true });
      await channel.call('basic.cancel', { consumerTag });
      channel.publish({ routingKey: queue, properties: { replyTo: REPLY_TO } });
      await channel.expectClose(406, 'basic.publish');
    }),
    onConnection('a consumer on another channel is none', async (connection, bench) => {
      const [first, second] = [await connection.channel(), await connection.channel()];
      const queue = await bench.queue(first);
      await consume(first, REPLY_TO, { noAck: true });
      second.publish({ routingKey: queue, properties: { replyTo: REPLY_TO } });
      await second.expectClose(406, 'basic.publish');
    }),
  ];
}
