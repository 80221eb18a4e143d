import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { ManualClock } from '../base/manual-clock.ts';
import { startBroker } from './broker.ts';
import { Peer } from './peer.fixture.ts';
import { tls } from './tls.fixture.ts';

describe('startBroker', () => {
  it('listens on a free port of its own', async () => {
    await using first = await startBroker();
    await using second = await startBroker();
    expect(first.url).toBe(`amqp://guest:guest@127.0.0.1:${first.port}`);
    expect(second.port).not.toBe(first.port);
    using peer = await Peer.open(first);
    expect(peer.log.largest).toBeGreaterThan(0);
  });

  it('listens on both loopback addresses unless one is given', async () => {
    await using both = await startBroker();
    const { port } = both;
    const other = connect({ host: '::1', port });
    await once(other, 'connect');
    other.destroy();
    await using one = await startBroker({ host: '127.0.0.1' });
    const refused = connect({ host: '::1', port: one.port });
    const [error] = await once(refused, 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('tells that a port is taken, and by what', async () => {
    await using broker = await startBroker();
    const { port } = broker;
    const failure = await startBroker({ port }).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'LISTEN_FAILED',
      message: expect.stringContaining(`LISTEN_FAILED: cannot listen on 127.0.0.1:${port}: `),
      cause: expect.objectContaining({ code: 'EADDRINUSE' }),
    });
  });

  it('names the first of the users, and a virtual host that exists', async () => {
    await using broker = await startBroker({
      users: [{ name: 'a@b', password: 'p/w' }],
      vhosts: ['a b', 'c'],
    });
    expect(broker.url).toBe(`amqp://a%40b:p%2Fw@127.0.0.1:${broker.port}/a%20b`);
  });

  it('listens on IPv6 as well', async () => {
    await using broker = await startBroker({ host: '::1' });
    expect(broker.url).toBe(`amqp://guest:guest@[::1]:${broker.port}`);
    using peer = await Peer.open(broker);
    expect(broker.inspect().connections).toHaveLength(1);
    expect(peer.error).toBeUndefined();
  });
});

describe('a broker with TLS', () => {
  it('serves clients who trust its certificate', async () => {
    await using broker = await startBroker({ tls });
    expect(broker.url).toBe(`amqps://guest:guest@127.0.0.1:${broker.port}`);
    using peer = await Peer.connectTls(broker, tls.cert).greet();
    await peer.queue('q');
    peer.publish(1, { routingKey: 'q', body: 'x'.repeat(100_000) });
    await peer.consume('q', { noAck: true });
    expect((await peer.next('basic.deliver')).body).toHaveLength(100_000);
  });

  it('cuts clients who speak plainly, and goes on', async () => {
    await using broker = await startBroker({ tls });
    using plain = Peer.connect(broker);
    plain.write(Buffer.from('AMQP\u0000\u0000\u0009\u0001'));
    await plain.closed;
    using peer = await Peer.connectTls(broker, tls.cert).greet();
    expect(peer.error).toBeUndefined();
  });

  it('drops and refuses connections like others', async () => {
    await using broker = await startBroker({ tls });
    using peer = await Peer.connectTls(broker, tls.cert).greet();
    expect(broker.faults.dropConnections()).toBe(1);
    await peer.closed;
    expect(peer.error).toBe('ECONNRESET');
    using _ = broker.faults.refuseConnections();
    using other = Peer.connectTls(broker, tls.cert);
    await other.closed;
    expect(other.error).toBe('ECONNRESET');
  });

  it('closes although a client does not begin the handshake', async () => {
    const broker = await startBroker({ tls });
    const silent = connect(broker);
    await once(silent, 'connect');
    using peer = await Peer.connectTls(broker, tls.cert).greet();
    const closed = once(silent, 'close');
    silent.resume();
    await broker.close();
    await Promise.all([closed, peer.closed]);
  });
});

describe('close', () => {
  it('tells clients that the broker shuts down', async () => {
    const broker = await startBroker();
    using peer = await Peer.open(broker);
    const closing = broker.close();
    const { fields } = await peer.next('connection.close');
    expect(fields).toMatchObject({ replyCode: 320, classId: 0, methodId: 0 });
    peer.send(0, 'connection.close-ok');
    await peer.closed;
    await closing;
    expect(peer.error).toBeUndefined();
  });

  it('leaves no timers and no clients behind', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({ clock });
    using _ = broker.faults.delayConfirms(1000);
    using peer = await Peer.open(broker, { heartbeat: 10 });
    using silent = Peer.connect(broker);
    await peer.queue('q', {
      arguments: new Map([
        ['x-expires', { type: 'I', value: 1000 }],
        ['x-message-ttl', { type: 'I', value: 1000 }],
      ]),
    });
    peer.send(1, 'confirm.select');
    peer.publish(1, { routingKey: 'q' });
    await broker.untilQueue('q', ({ ready }) => ready === 1);
    expect(clock.pending).toBeGreaterThan(1);
    const closing = broker.close();
    peer.socket.end();
    silent.socket.end();
    await closing;
    expect(clock.pending).toBe(0);
    expect(broker.inspect().connections).toEqual([]);
  });

  it('comes 20 ms after the start at most', async () => {
    await startBroker().then((broker) => broker.close());
    const took = await Promise.all(
      [1, 2, 3].map(async () => {
        const begin = systemClock.now();
        const broker = await startBroker();
        await broker.close();
        return systemClock.now() - begin;
      }),
    );
    expect(Math.min(...took)).toBeLessThan(20);
  });

  it('may be asked for twice, and nothing listens afterwards', async () => {
    const broker = await startBroker();
    await Promise.all([broker.close(), broker.close()]);
    await broker.close();
    using peer = Peer.connect(broker);
    await peer.closed;
    expect(peer.error).toBe('ECONNREFUSED');
  });

  it('does not wait for a client who neither reads nor hangs up', async () => {
    const broker = await startBroker();
    using peer = await Peer.open(broker);
    await peer.queue('q');
    const body = Buffer.alloc(1_000_000);
    for (let i = 0; i < 10; i += 1) peer.publish(1, { routingKey: 'q', body });
    await broker.untilQueue('q', ({ ready }) => ready === 10);
    peer.socket.pause();
    peer.send(1, 'basic.consume', { queue: 'q', noAck: true });
    await broker.untilConsumer('q');
    await broker.close();
    expect(broker.inspect().connections).toEqual([]);
  });
});

describe('a lost client', () => {
  it('leaves nothing behind when it hangs up without a word', async () => {
    await using broker = await startBroker();
    using peer = await Peer.open(broker);
    await peer.queue('mine', { durable: false, exclusive: true });
    await peer.queue('q');
    peer.publish(1, { routingKey: 'q' });
    await peer.consume('q');
    await peer.next('basic.deliver');
    peer.socket.destroy();
    await broker.untilQueue('q', ({ ready, consumers }) => ready === 1 && consumers.length === 0);
    const { connections, queues } = broker.inspect();
    expect(connections).toEqual([]);
    expect(queues.map(({ name }) => name)).toEqual(['q']);
  });
});
