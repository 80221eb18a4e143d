import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { type Field, text } from '../base/field.ts';
import { startBroker } from './broker.ts';
import { brokerConfig } from './options.ts';
import { Peer } from './peer.fixture.ts';
import { plainTable } from './plain-table.ts';

describe('inspect', () => {
  it('shows the exchanges of RabbitMQ in each virtual host, and nothing else, of a new broker', async () => {
    await using broker = await startBroker({ vhosts: ['/', 'other'] });
    const { exchanges, ...rest } = broker.inspect();
    const names = ['', 'amq.direct', 'amq.fanout', 'amq.headers', 'amq.match'];
    for (const vhost of ['/', 'other']) {
      const here = exchanges.filter((exchange) => exchange.vhost === vhost);
      expect(here.map(({ name }) => name)).toEqual(expect.arrayContaining([...names, 'amq.topic']));
    }
    expect(rest).toEqual({
      connections: [],
      queues: [],
      bindings: [],
      traffic: {
        connections: 0,
        channels: 0,
        published: 0,
        delivered: 0,
        acknowledged: 0,
        requeued: 0,
        returned: 0,
      },
      memory: { used: 0, limit: brokerConfig({}).limits.memory },
    });
  });

  it('shows connections by the name that they give themselves', async () => {
    await using broker = await startBroker();
    const clientProperties = new Map([['connection_name', text('orders')]]);
    using named = await Peer.open(broker, { clientProperties });
    using unnamed = await Peer.open(broker);
    using silent = Peer.connect(broker);
    await once(silent.socket, 'connect');
    await named.call(2, 'channel.open', 'channel.open-ok');
    const { connections } = broker.inspect();
    expect(connections).toHaveLength(2);
    expect(connections[0]).toEqual({
      name: 'orders',
      user: 'guest',
      vhost: '/',
      channels: 2,
      unacked: 0,
      blocked: false,
      clientProperties: { connection_name: 'orders' },
    });
    const { localPort } = unnamed.socket;
    expect(connections[1]?.name).toBe(`127.0.0.1:${localPort} -> 127.0.0.1:${broker.port}`);
  });

  it('shows queues, consumers, exchanges and bindings as they were declared', async () => {
    await using broker = await startBroker();
    using peer = await Peer.open(broker);
    await peer.queue('q', {
      arguments: new Map<string, Field>([
        ['x-queue-type', text('quorum')],
        ['x-single-active-consumer', { type: 't', value: true }],
      ]),
    });
    await peer.call(1, 'exchange.declare', 'exchange.declare-ok', {
      exchange: 'x',
      type: 'topic',
      autoDelete: true,
      arguments: new Map([['alternate-exchange', text('other')]]),
    });
    await peer.call(1, 'queue.bind', 'queue.bind-ok', {
      queue: 'q',
      exchange: 'x',
      routingKey: 'a.*',
      arguments: new Map([['n', { type: 'I', value: 1 }]]),
    });
    const priority = new Map([['x-priority', { type: 'I' as const, value: 3 }]]);
    await peer.consume('q', { consumerTag: 'one', arguments: priority });
    await peer.consume('q', { consumerTag: 'two' });
    peer.publish(1, { exchange: 'x', routingKey: 'a.b' });
    await peer.next('basic.deliver');
    const { queues, exchanges, bindings, connections } = broker.inspect();
    expect(queues).toEqual([
      {
        vhost: '/',
        name: 'q',
        type: 'quorum',
        durable: true,
        exclusive: false,
        autoDelete: false,
        arguments: { 'x-queue-type': 'quorum', 'x-single-active-consumer': true },
        ready: 0,
        unacked: 1,
        consumers: [
          { tag: 'one', noAck: false, exclusive: false, priority: 3, active: true },
          { tag: 'two', noAck: false, exclusive: false, priority: 0, active: false },
        ],
      },
    ]);
    expect(exchanges.find(({ name }) => name === 'x')).toEqual({
      vhost: '/',
      name: 'x',
      type: 'topic',
      durable: false,
      autoDelete: true,
      internal: false,
      arguments: { 'alternate-exchange': 'other' },
    });
    expect(bindings).toEqual([
      {
        vhost: '/',
        source: 'x',
        destination: 'q',
        destinationType: 'queue',
        routingKey: 'a.*',
        arguments: { n: 1 },
      },
    ]);
    expect(connections[0]?.unacked).toBe(1);
  });

  it('counts what passed through', async () => {
    await using broker = await startBroker();
    using peer = await Peer.open(broker);
    await peer.queue('q');
    peer.publish(1, { routingKey: 'q' });
    peer.publish(1, { routingKey: 'q' });
    peer.publish(1, { routingKey: 'nowhere', mandatory: true });
    await peer.next('basic.return');
    await peer.call(1, 'basic.get', 'basic.get-ok', { queue: 'q' });
    await peer.call(1, 'basic.get', 'basic.get-ok', { queue: 'q' });
    peer.send(1, 'basic.ack', { deliveryTag: 1 });
    peer.send(1, 'basic.nack', { deliveryTag: 2, requeue: true });
    await broker.untilQueue('q', ({ ready }) => ready === 1);
    expect(broker.inspect().traffic).toEqual({
      connections: 1,
      channels: 1,
      published: 3,
      delivered: 2,
      acknowledged: 1,
      requeued: 1,
      returned: 1,
    });
  });
});

describe('plainTable', () => {
  it('gives every type a plain value', () => {
    const table = new Map<string, Field>([
      ['text', text('é')],
      ['bytes', { type: 'x', value: Buffer.from([1]) }],
      ['small', { type: 'l', value: 5n }],
      ['large', { type: 'l', value: 2n ** 60n }],
      ['time', { type: 'T', value: 1n }],
      ['decimal', { type: 'D', value: { scale: 2, unscaled: 314 } }],
      ['list', { type: 'A', value: [text('a'), { type: 'V', value: null }] }],
      ['table', { type: 'F', value: new Map([['yes', { type: 't', value: true }]]) }],
    ]);
    expect(plainTable(table)).toEqual({
      text: 'é',
      bytes: Buffer.from([1]),
      small: 5,
      large: 2n ** 60n,
      time: new Date(1000),
      decimal: 3.14,
      list: ['a', null],
      table: { yes: true },
    });
  });
});
