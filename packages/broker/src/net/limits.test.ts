import { describe, expect, it } from 'vitest';
import { frame } from '../protocol/frames.fixture.ts';
import { startBroker } from './broker.ts';
import { Peer } from './peer.fixture.ts';

describe('limits', () => {
  it('refuses one connection more with 530, until one is gone', async () => {
    await using broker = await startBroker({ limits: { connections: 2 } });
    using first = await Peer.open(broker);
    using second = await Peer.open(broker);
    using third = Peer.connect(broker);
    const greeting = third.greet();
    await expect(greeting).rejects.toThrow(
      'NOT_ALLOWED - connection refused: limit of 2 is reached',
    );
    await first.call(0, 'connection.close', 'connection.close-ok');
    using fourth = await Peer.open(broker);
    expect([second.error, fourth.error]).toEqual([undefined, undefined]);
  });

  it('refuses one channel more with 530, on that connection alone', async () => {
    await using broker = await startBroker({ limits: { channels: 2 } });
    using peer = await Peer.open(broker, { channelMax: 2 });
    using other = await Peer.open(broker, { channelMax: 2 });
    await peer.call(7, 'channel.open', 'channel.open-ok');
    peer.send(2, 'channel.open');
    expect((await peer.next('connection.close')).fields.replyCode).toBe(530);
    await other.queue('q');
  });

  it('refuses one queue more with 406, until one is deleted', async () => {
    await using broker = await startBroker({ limits: { queues: 2 } });
    using peer = await Peer.open(broker);
    await peer.queue('first');
    await peer.queue('second');
    await peer.queue('second');
    peer.send(1, 'queue.declare', { queue: 'third', durable: true });
    expect((await peer.next('channel.close')).fields.replyCode).toBe(406);
    peer.send(1, 'channel.close-ok');
    await peer.call(1, 'channel.open', 'channel.open-ok');
    await peer.call(1, 'queue.delete', 'queue.delete-ok', { queue: 'first' });
    await peer.queue('third');
  });

  it('refuses a larger message with 406, as soon as its size is told', async () => {
    await using broker = await startBroker({ limits: { messageSize: 1000 } });
    using peer = await Peer.open(broker);
    await peer.queue('q');
    peer.publish(1, { routingKey: 'q', body: Buffer.alloc(1000) });
    peer.send(1, 'basic.publish', { routingKey: 'q' });
    const header = Buffer.alloc(14);
    header.writeUInt16BE(60);
    header.writeBigUInt64BE(1001n, 4);
    peer.write(frame(2, 1, header));
    const { fields } = await peer.next('channel.close');
    expect(fields).toMatchObject({
      replyCode: 406,
      replyText: 'PRECONDITION_FAILED - message size 1001 is larger than configured max size 1000',
    });
    expect(broker.inspect().queues[0]?.ready).toBe(1);
  });

  it('blocks who publishes beyond the memory, and nobody else, until there is room', async () => {
    await using broker = await startBroker({ limits: { memory: 10_000 } });
    using publisher = await Peer.open(broker);
    using consumer = await Peer.open(broker);
    await publisher.queue('q');
    await publisher.call(1, 'confirm.select', 'confirm.select-ok');
    for (let i = 0; i < 3; i += 1) {
      publisher.publish(1, { routingKey: 'q', body: Buffer.alloc(4000) });
    }
    await broker.untilQueue('q', ({ ready }) => ready === 3);
    const { memory } = broker.inspect();
    expect(memory.limit).toBe(10_000);
    expect(memory.used).toBeGreaterThan(12_000);
    publisher.publish(1, { routingKey: 'q', body: 'last' });
    const { fields } = await publisher.next('connection.blocked');
    expect(fields.reason).toBe('low on memory');
    const blocked = broker.inspect().connections.map((connection) => connection.blocked);
    expect(blocked).toEqual([true, false]);
    await consumer.consume('q', { noAck: true });
    await publisher.next('connection.unblocked');
    const bodies = [];
    for (let i = 0; i < 4; i += 1) bodies.push((await consumer.next('basic.deliver')).body);
    expect(bodies.map(({ length }) => length)).toEqual([4000, 4000, 4000, 4]);
    expect(broker.inspect().memory.used).toBe(0);
    await publisher.queue('other');
  });

  it('closes a connection whose frame is larger than agreed with 501', async () => {
    await using broker = await startBroker({ limits: { frameSize: 8192 } });
    using peer = await Peer.open(broker, { frameMax: 8192 });
    peer.write(Buffer.from([3, 0, 1, 0xff, 0xff, 0xff, 0xff]));
    expect((await peer.next('connection.close')).fields.replyCode).toBe(501);
    await peer.closed;
  });

  it('splits what it sends into frames of the agreed size', async () => {
    await using broker = await startBroker();
    using peer = await Peer.open(broker, { frameMax: 8192 });
    await peer.queue('q');
    peer.publish(1, { routingKey: 'q', body: Buffer.alloc(100_000, 'x') });
    await peer.consume('q', { noAck: true });
    expect((await peer.next('basic.deliver')).body).toBe('x'.repeat(100_000));
    expect(peer.log.largest).toBe(8184);
  });
});
