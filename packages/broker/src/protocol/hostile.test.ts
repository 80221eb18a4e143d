import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeBroker, type FakeClient } from './connection.fixture.ts';
import { frame, Requests } from './frames.fixture.ts';
import { assault, nestedTable } from './hostile.fixture.ts';

/** Publishes and fetches a message. */
function expectToWork(client: FakeClient): void {
  client.call(1, 'queue.declare', { queue: 'mine', exclusive: true });
  client.answer('queue.declare-ok');
  client.publish(1, { routingKey: 'mine', body: 'hello' });
  client.call(1, 'basic.get', { queue: 'mine', noAck: true });
  expect(client.answer('basic.get-ok').body).toBe('hello');
}

/** Connections end within their timeouts; one that is open still answers. */
function expectEndOrAnswer(broker: FakeBroker, client: FakeClient): void {
  if (client.connection.open === undefined) {
    broker.clock.advance(30_000);
    expect(client.transport.state).not.toBe('open');
  } else {
    broker.clock.advance(100);
    expect(client.transport.state).toBe('open');
  }
}

describe('a connection under attack', () => {
  it('ends or answers, never throws, and leaves others alone', () => {
    fc.assert(
      fc.property(assault, (pieces) => {
        const broker = new FakeBroker();
        const neighbour = broker.client();
        const client = broker.connect();
        for (const [i, piece] of pieces.entries()) {
          broker.alarm(i % 2 === 0 ? undefined : 'no room');
          client.receive(piece);
          client.answers();
        }
        broker.alarm(undefined);
        broker.clock.advance(20);
        expectToWork(neighbour);
        expectEndOrAnswer(broker, client);
        client.connection.lost();
        expect(broker.model.budget.used).toBeGreaterThanOrEqual(0);
        broker.model.dispose();
        neighbour.connection.lost();
        expect(broker.clock.pending).toBe(0);
      }),
      { seed: 1, numRuns: 300, interruptAfterTimeLimit: 1500 },
    );
  });

  it('holds nothing for sizes that are only announced', () => {
    const broker = new FakeBroker({ limits: { maxMessageSize: 2 ** 30, frameMax: 2 ** 32 - 1 } });
    const huge = Buffer.alloc(14);
    huge.writeUInt16BE(60);
    huge.writeUInt32BE(2 ** 30, 8);
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 50; i += 1) {
      const client = broker.client({ frameMax: 2 ** 32 - 1 });
      client.call(1, 'basic.publish', { routingKey: 'q' });
      client.receive(frame(2, 1, huge));
      client.receive(frame(3, 1, Buffer.from('a little')));
      client.receive(Buffer.from([3, 0, 1, 0x3f, 0xff, 0xff, 0xff, 1, 2, 3]));
      expect(client.answers()).toEqual([]);
    }
    const held = process.memoryUsage().arrayBuffers - before;
    // The writers of both ends, of 64 KiB each, are most of it.
    expect(held / 50).toBeLessThan(2 ** 20);
  });

  it('ignores what comes after a frame that is none', () => {
    const broker = new FakeBroker();
    const client = broker.client();
    client.receive(Buffer.from([3, 0, 1, 0, 0, 0, 0, 0]));
    expect(client.answer('connection.close').fields.replyCode).toBe(501);
    for (let i = 0; i < 3; i += 1) client.call(1, 'queue.declare', { queue: 'q' });
    for (let i = 0; i < 3; i += 1) client.receive(Buffer.alloc(100, 0xff));
    expect(client.answers()).toEqual([]);
    expect(client.transport.ends).toBe(1);
    expect(broker.model.findVirtualHost('/')?.findQueue('q')).toBeUndefined();
  });

  it('reads tables in tables in tables, however deep', () => {
    const client = new FakeBroker().client();
    for (const depth of [1, 128, 129, 18_000]) {
      client.receive(nestedTable(depth));
      client.answer('queue.declare-ok');
    }
  });

  it('refuses methods out of order', () => {
    for (const [code, request] of [
      [504, new Requests().method(2, 'basic.get', { queue: 'q' })],
      [504, new Requests().method(1, 'channel.open')],
      [504, new Requests().method(0, 'connection.open', { virtualHost: '/' })],
      [503, new Requests().method(1, 'basic.get-ok')],
      [505, new Requests().method(1, 'basic.publish').method(1, 'basic.qos')],
      [505, new Requests().raw(frame(3, 1, Buffer.from('body')))],
      [501, new Requests().raw(frame(7, 1, Buffer.from('what')))],
      [505, new Requests().raw(frame(8, 1, Buffer.alloc(0)))],
    ] as const) {
      const client = new FakeBroker().client();
      client.receive(request.take());
      expect(client.answer('connection.close').fields.replyCode).toBe(code);
    }
  });
});

describe('text that is not UTF-8', () => {
  it('reaches consumers, however long, and ends no connection', () => {
    const broker = new FakeBroker();
    const consumer = broker.client();
    const publisher = broker.client();
    consumer.call(1, 'queue.declare', { queue: 'q' });
    consumer.call(1, 'queue.bind', { queue: 'q', exchange: 'amq.fanout' });
    consumer.call(1, 'basic.consume', { queue: 'q', noAck: true });
    consumer.answers();
    const exchange = Buffer.from('\u0000\u0000\u000aamq.fanout');
    const key = Buffer.concat([Buffer.from([255]), Buffer.alloc(255, 0xff)]);
    const bits = Buffer.from([0]);
    const method = Buffer.concat([Buffer.from([0, 60, 0, 40]), exchange, key, bits]);
    publisher.receive(frame(1, 1, method));
    publisher.receive(frame(2, 1, Buffer.concat([Buffer.from([0, 60]), Buffer.alloc(12)])));
    expect(consumer.answer('basic.deliver').fields.exchange).toBe('amq.fanout');
    expectToWork(publisher);
  });
});
