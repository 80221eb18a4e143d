import { describe, expect, it } from 'vitest';
import { ManualClock } from '../base/manual-clock.ts';
import { type Broker, startBroker } from './broker.ts';
import { Peer } from './peer.fixture.ts';

/** A peer with confirms and a queue `q`. */
async function publisherOn(broker: Broker): Promise<Peer> {
  const peer = await Peer.open(broker);
  await peer.queue('q');
  await peer.call(1, 'confirm.select', 'confirm.select-ok');
  return peer;
}

describe('faults that happen at once', () => {
  it('drops connections with a reset, and gives back what they held', async () => {
    await using broker = await startBroker();
    using peer = await publisherOn(broker);
    using silent = Peer.connect(broker);
    peer.publish(1, { routingKey: 'q' });
    await peer.consume('q');
    await peer.next('basic.deliver');
    expect(broker.faults.dropConnections()).toBe(2);
    const { connections, queues } = broker.inspect();
    expect(connections).toEqual([]);
    expect(queues).toMatchObject([{ ready: 1, unacked: 0, consumers: [] }]);
    await Promise.all([peer.closed, silent.closed]);
    expect(peer.error).toBe('ECONNRESET');
  });

  it('closes connections with 320, and takes new ones', async () => {
    await using broker = await startBroker();
    using peer = await Peer.open(broker);
    expect(broker.faults.closeConnections()).toBe(1);
    expect((await peer.next('connection.close')).fields.replyCode).toBe(320);
    peer.send(0, 'connection.close-ok');
    await peer.closed;
    using again = await Peer.open(broker);
    expect(again.error).toBeUndefined();
  });

  it('ends all connections together: nothing goes from one to the next', async () => {
    await using broker = await startBroker();
    using first = await publisherOn(broker);
    await first.consume('q');
    using second = await Peer.open(broker);
    await second.consume('q');
    first.publish(1, { routingKey: 'q' });
    await first.next('basic.deliver');
    broker.faults.closeConnections();
    await second.next('connection.close');
    expect(broker.inspect().traffic).toMatchObject({ delivered: 1, requeued: 1 });
    using third = await publisherOn(broker);
    await third.consume('q');
    using fourth = await Peer.open(broker);
    await fourth.consume('q');
    broker.faults.dropConnections();
    expect(broker.inspect().traffic).toMatchObject({ delivered: 2, requeued: 2 });
  });

  it('restarts: durable queues and persistent messages stay, all else is forgotten', async () => {
    await using broker = await startBroker();
    using peer = await publisherOn(broker);
    await peer.queue('transient', { durable: false });
    await peer.queue('mine', { exclusive: true });
    await peer.call(1, 'exchange.declare', 'exchange.declare-ok', {
      exchange: 'durable',
      type: 'direct',
      durable: true,
    });
    await peer.call(1, 'exchange.declare', 'exchange.declare-ok', {
      exchange: 'transient',
      type: 'direct',
    });
    for (const exchange of ['durable', 'transient']) {
      await peer.call(1, 'queue.bind', 'queue.bind-ok', { queue: 'q', exchange, routingKey: 'k' });
    }
    const persistent = { deliveryMode: 2 };
    peer.publish(1, { routingKey: 'q', body: 'unacked', properties: persistent });
    peer.publish(1, { routingKey: 'q', body: 'lost' });
    peer.publish(1, { routingKey: 'q', body: 'kept', properties: persistent });
    await peer.call(1, 'basic.get', 'basic.get-ok', { queue: 'q' });
    broker.faults.restart();
    const { queues, bindings, exchanges, connections } = broker.inspect();
    expect(connections).toEqual([]);
    expect(queues).toMatchObject([{ name: 'q', ready: 2, unacked: 0 }]);
    expect(bindings).toMatchObject([{ source: 'durable', destination: 'q' }]);
    expect(exchanges.map(({ name }) => name)).not.toContain('transient');
    using again = await Peer.open(broker);
    await again.consume('q', { noAck: true });
    expect(await again.next('basic.deliver')).toMatchObject({
      body: 'unacked',
      fields: { redelivered: true },
    });
    expect(await again.next('basic.deliver')).toMatchObject({
      body: 'kept',
      fields: { redelivered: false },
    });
  });
});

describe('faults that last', () => {
  it('refuses connections, and leaves those alone that are there', async () => {
    await using broker = await startBroker();
    using peer = await Peer.open(broker);
    const refusal = broker.faults.refuseConnections();
    using other = Peer.connect(broker);
    await other.closed;
    expect(other.error).toBe('ECONNRESET');
    await peer.queue('q');
    refusal[Symbol.dispose]();
    using third = await Peer.open(broker);
    expect(third.error).toBeUndefined();
  });

  it('stalls reading from those who are connected', async () => {
    await using broker = await startBroker();
    using stalled = await Peer.open(broker);
    const stall = broker.faults.stallReading();
    using fresh = await Peer.open(broker);
    stalled.send(1, 'queue.declare', { queue: 'late', durable: true });
    await fresh.queue('early');
    await fresh.queue('early');
    expect(broker.inspect().queues.map(({ name }) => name)).toEqual(['early']);
    stall[Symbol.dispose]();
    await stalled.next('queue.declare-ok');
  });

  it('stalls reading for as long as one of several faults is left', async () => {
    await using broker = await startBroker();
    using peer = await Peer.open(broker);
    using first = broker.faults.stallReading();
    const second = broker.faults.stallReading();
    first[Symbol.dispose]();
    using fresh = await Peer.open(broker);
    peer.send(1, 'queue.declare', { queue: 'late', durable: true });
    await fresh.queue('early');
    await fresh.queue('early');
    expect(broker.inspect().queues.map(({ name }) => name)).toEqual(['early']);
    second[Symbol.dispose]();
    await peer.next('queue.declare-ok');
  });

  it('delays confirms by the clock of the broker', async () => {
    const clock = new ManualClock();
    await using broker = await startBroker({ clock });
    using peer = await publisherOn(broker);
    const delay = broker.faults.delayConfirms(1000);
    peer.publish(1, { routingKey: 'q' });
    await broker.untilQueue('q', ({ ready }) => ready === 1);
    delay[Symbol.dispose]();
    peer.publish(1, { routingKey: 'q' });
    const prompt = await peer.next('basic.ack');
    expect(prompt.fields).toEqual({ deliveryTag: 2, multiple: false });
    clock.advance(999);
    await peer.queue('q');
    expect(peer.log.received).toEqual([]);
    clock.advance(1);
    const late = await peer.next('basic.ack');
    expect(late.fields).toEqual({ deliveryTag: 1, multiple: false });
  });

  it('drops confirms, also where later ones cover several', async () => {
    await using broker = await startBroker();
    using peer = await publisherOn(broker);
    const dropping = broker.faults.dropConfirms();
    peer.publish(1, { routingKey: 'q' });
    await broker.untilQueue('q', ({ ready }) => ready === 1);
    dropping[Symbol.dispose]();
    for (let i = 0; i < 3; i += 1) peer.publish(1, { routingKey: 'q' });
    const tags = [];
    for (let i = 0; i < 3; i += 1) tags.push((await peer.next('basic.ack')).fields);
    expect(tags).toEqual([2, 3, 4].map((deliveryTag) => ({ deliveryTag, multiple: false })));
  });

  it('nacks publishes and does not store them', async () => {
    await using broker = await startBroker();
    using peer = await publisherOn(broker);
    {
      using _ = broker.faults.nackPublishes();
      peer.publish(1, { routingKey: 'q' });
      const { fields } = await peer.next('basic.nack');
      expect(fields).toMatchObject({ deliveryTag: 1, multiple: false });
      expect(broker.inspect().queues[0]?.ready).toBe(0);
    }
    peer.publish(1, { routingKey: 'q' });
    expect((await peer.next('basic.ack')).fields.deliveryTag).toBe(2);
    expect(broker.inspect().queues[0]?.ready).toBe(1);
  });

  it('blocks for as long as one of several reasons is left', async () => {
    await using broker = await startBroker();
    using peer = await publisherOn(broker);
    const first = broker.faults.block('first');
    const second = broker.faults.block('second');
    first[Symbol.dispose]();
    peer.publish(1, { routingKey: 'q' });
    expect((await peer.next('connection.blocked')).fields.reason).toBe('second');
    second[Symbol.dispose]();
    await peer.next('connection.unblocked');
  });

  it('blocks publishers for a reason, and lets them go on', async () => {
    await using broker = await startBroker();
    using peer = await publisherOn(broker);
    const block = broker.faults.block('disk on fire');
    peer.publish(1, { routingKey: 'q' });
    expect((await peer.next('connection.blocked')).fields.reason).toBe('disk on fire');
    expect(broker.inspect().connections[0]?.blocked).toBe(true);
    using late = await publisherOn(broker);
    late.publish(1, { routingKey: 'q' });
    await late.next('connection.blocked');
    block[Symbol.dispose]();
    await late.next('connection.unblocked');
    await peer.next('connection.unblocked');
    peer.publish(1, { routingKey: 'q' });
    await broker.untilQueue('q', ({ ready }) => ready === 3);
    expect(broker.inspect().connections[0]?.blocked).toBe(false);
  });

  it('takes back a confirm fault only if it still is the last one', async () => {
    await using broker = await startBroker();
    using peer = await publisherOn(broker);
    const dropping = broker.faults.dropConfirms();
    using _ = broker.faults.nackPublishes();
    dropping[Symbol.dispose]();
    peer.publish(1, { routingKey: 'q' });
    await peer.next('basic.nack');
  });

  it('ends them all', async () => {
    await using broker = await startBroker();
    using peer = await publisherOn(broker);
    broker.faults.refuseConnections();
    broker.faults.dropConfirms();
    broker.faults.block();
    broker.faults.stallReading();
    broker.faults.clear();
    using other = await publisherOn(broker);
    other.publish(1, { routingKey: 'q' });
    await other.next('basic.ack');
    peer.publish(1, { routingKey: 'q' });
    await peer.next('basic.ack');
  });

  it('refuses a delay that is none, and a reason that does not fit', async () => {
    await using broker = await startBroker();
    const code = 'INVALID_ARGUMENT';
    expect(() => broker.faults.delayConfirms(-1)).toThrow(expect.objectContaining({ code }));
    expect(() => broker.faults.block('é'.repeat(128))).toThrow(expect.objectContaining({ code }));
  });
});
