import { describe, expect, it } from 'vitest';
import { Requests } from '../protocol/frames.fixture.ts';
import { startBroker } from './broker.ts';
import { Peer } from './peer.fixture.ts';

const MIB = 2 ** 20;

describe('a client that does not read', () => {
  it('gets no more deliveries than fit the buffers of its socket; another gets the rest', async () => {
    await using broker = await startBroker();
    using slow = await Peer.open(broker);
    using fast = await Peer.open(broker);
    await fast.queue('q');
    await slow.consume('q');
    slow.socket.pause();
    const body = Buffer.alloc(MIB / 4);
    const count = 100;
    for (let i = 0; i < count; i += 1) fast.publish(1, { routingKey: 'q', body });
    // The system buffers some megabytes for a socket, the broker a quarter of one.
    await broker.untilQueue('q', ({ ready, unacked }) => ready + unacked === count);
    const { unacked } = await broker.untilQueue('q', ({ ready }) => ready > 0);
    expect(unacked * body.length).toBeLessThan(16 * MIB);
    await fast.consume('q', { noAck: true });
    for (let i = unacked; i < count; i += 1) await fast.next('basic.deliver');
    const info = await broker.untilQueue('q', ({ ready }) => ready === 0);
    expect(info.unacked).toBe(unacked);
    slow.socket.resume();
    for (let i = 0; i < unacked; i += 1) await slow.next('basic.deliver');
  });

  it('gets what waited for it once it reads again', async () => {
    await using broker = await startBroker();
    using slow = await Peer.open(broker);
    await slow.queue('q');
    const body = Buffer.alloc(MIB / 2);
    const count = 40;
    for (let i = 0; i < count; i += 1) slow.publish(1, { routingKey: 'q', body });
    await broker.untilQueue('q', ({ ready }) => ready === count);
    slow.socket.pause();
    slow.send(1, 'basic.consume', { queue: 'q', noAck: true });
    const { ready } = await broker.untilQueue('q', ({ consumers }) => consumers.length === 1);
    expect(ready).toBeGreaterThan(0);
    slow.socket.resume();
    for (let i = 0; i < count; i += 1) await slow.next('basic.deliver');
  });

  it('gets from all queues by turns, on one channel or several', async () => {
    await using broker = await startBroker();
    using slow = await Peer.open(broker);
    await slow.call(2, 'channel.open', 'channel.open-ok');
    const queues = ['a', 'b', 'c'];
    const count = 40;
    for (const queue of queues) {
      await slow.queue(queue);
      for (let i = 0; i < count; i += 1) {
        slow.publish(1, { routingKey: queue, body: Buffer.alloc(MIB / 4) });
      }
      await broker.untilQueue(queue, ({ ready }) => ready === count);
    }
    slow.socket.pause();
    for (const [i, queue] of queues.entries()) {
      slow.send(i === 2 ? 2 : 1, 'basic.consume', { queue, consumerTag: queue, noAck: true });
    }
    await broker.untilConsumer('c');
    slow.socket.resume();
    const left = new Map(queues.map((queue) => [queue, count]));
    while (![...left.values()].includes(0)) {
      const { consumerTag } = (await slow.next('basic.deliver')).fields;
      left.set(consumerTag, (left.get(consumerTag) ?? 0) - 1);
    }
    expect(Math.max(...left.values())).toBeLessThan(count);
  });

  it('is not read any more when it asks for ever more answers', async () => {
    await using broker = await startBroker();
    using greedy = await Peer.open(broker);
    using other = await Peer.open(broker);
    await other.queue('q');
    other.publish(1, { routingKey: 'q', body: Buffer.alloc(MIB) });
    await broker.untilQueue('q', ({ ready }) => ready === 1);
    greedy.socket.pause();
    const gets = new Requests(131_072);
    const count = 60;
    for (let i = 0; i < count; i += 1) {
      gets.method(1, 'basic.get', { queue: 'q' }).method(1, 'basic.recover', { requeue: true });
      // Makes one chunk of reading end between two requests.
      gets.publish(1, { routingKey: 'nowhere', body: Buffer.alloc(128 * 1024) });
    }
    greedy.write(gets.take());
    // Reading ends by itself: the rest of the requests waits in the buffers of the two ends.
    let delivered = -1;
    while (broker.inspect().traffic.delivered !== delivered) {
      delivered = broker.inspect().traffic.delivered;
      for (let i = 0; i < 20; i += 1) await other.queue('q');
    }
    expect(delivered).toBeGreaterThan(3);
    expect(delivered).toBeLessThan(count - 10);
    greedy.socket.resume();
    for (let i = 0; i < count; i += 1) await greedy.next('basic.get-ok');
  });
});
