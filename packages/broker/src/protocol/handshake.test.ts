import { describe, expect, it } from 'vitest';
import { text } from '../base/field.ts';
import { protocolHeader } from '../wire/protocol-header.ts';
import { FakeBroker } from './connection.fixture.ts';
import { greet, Requests } from './frames.fixture.ts';

const ann = {
  name: 'ann',
  password: 'secret',
  permissions: { '/': { configure: '^ann\\.', write: '^(ann\\.|amq\\.default)', read: '^public' } },
};

describe('the handshake', () => {
  it('offers what the broker is and allows', () => {
    const client = new FakeBroker({ limits: { channelMax: 7, heartbeat: 5 } }).connect();
    client.receive(protocolHeader);
    const { fields } = client.answer('connection.start');
    expect(fields.mechanisms.toString()).toBe('PLAIN AMQPLAIN');
    expect(fields.serverProperties.get('version')).toEqual(text('4.0.5'));
    const response = Buffer.from('\u0000guest\u0000guest');
    client.call(0, 'connection.start-ok', { mechanism: 'PLAIN', response });
    expect(client.answer('connection.tune').fields).toEqual({
      channelMax: 7,
      frameMax: 131_072,
      heartbeat: 5,
    });
    client.call(0, 'connection.tune-ok', { channelMax: 7, frameMax: 131_072, heartbeat: 0 });
    expect(client.answers()).toEqual([]);
    client.call(0, 'connection.open', { virtualHost: '/' });
    client.answer('connection.open-ok');
    expect(client.connection.open?.vhost.name).toBe('/');
  });

  it('opens in one go, and with every byte by itself', () => {
    const broker = new FakeBroker();
    const steps = ['connection.start', 'connection.tune', 'connection.open-ok'];
    const quick = broker.connect();
    quick.receive(greet());
    expect(quick.answerNames()).toEqual(steps);
    const slow = broker.connect();
    for (const byte of greet()) slow.receive(Buffer.from([byte]));
    expect(slow.answerNames()).toEqual(steps);
  });

  it('takes AMQPLAIN for a password as well', () => {
    const client = new FakeBroker().connect();
    client.receive(protocolHeader);
    const login = Buffer.from('\u0005LOGINS\u0000\u0000\u0000\u0005guest');
    const password = Buffer.from('\u0008PASSWORDS\u0000\u0000\u0000\u0005guest');
    const response = Buffer.concat([login, password]);
    client.call(0, 'connection.start-ok', { mechanism: 'AMQPLAIN', response });
    expect(client.answerNames()).toEqual(['connection.start', 'connection.tune']);
  });

  it('refuses a wrong password with 403, in words only to those who understand them', () => {
    const broker = new FakeBroker();
    const modern = broker.connect();
    modern.receive(greet({ password: 'wrong' }));
    const [, close] = modern.answers();
    expect(close).toMatchObject({ name: 'connection.close', fields: { replyCode: 403 } });
    const old = broker.connect();
    old.receive(greet({ password: 'wrong', clientProperties: new Map() }));
    expect(old.answerNames()).toEqual(['connection.start']);
    expect(old.transport.state).toBe('ended');
  });

  it('refuses unknown and forbidden virtual hosts with 530', () => {
    const broker = new FakeBroker({ users: [ann] });
    for (const vhost of ['missing', 'other']) {
      const client = broker.connect();
      client.receive(greet({ user: 'ann', password: 'secret', vhost }));
      const last = client.answers().at(-1);
      expect(last).toMatchObject({ name: 'connection.close', fields: { replyCode: 530 } });
    }
  });

  it('refuses to be tuned beyond what was offered, or to frames that are too small', () => {
    const broker = new FakeBroker();
    for (const greeting of [
      { frameMax: 131_073 },
      { frameMax: 4095 },
      { frameMax: 0 },
      { channelMax: 2048 },
      { channelMax: 0 },
    ]) {
      const client = broker.connect();
      client.receive(greet(greeting));
      expect(client.answerNames()).not.toContain('connection.open-ok');
      expect(client.connection.open).toBeUndefined();
    }
  });

  it('cuts a client who does not come to an end within the time', () => {
    const broker = new FakeBroker();
    const silent = broker.connect();
    const slow = broker.connect();
    slow.receive(protocolHeader);
    const open = broker.client();
    broker.clock.advance(9999);
    expect([silent, slow].map(({ transport }) => transport.state)).toEqual(['open', 'open']);
    broker.clock.advance(1);
    const states = [silent, slow, open].map(({ transport }) => transport.state);
    expect(states).toEqual(['destroyed', 'destroyed', 'open']);
  });
});

describe('the close handshake', () => {
  it('answers a client who closes, and gives back what it held', () => {
    const broker = new FakeBroker();
    const client = broker.client();
    client.call(1, 'queue.declare', { queue: 'mine', exclusive: true });
    client.call(1, 'confirm.select');
    client.answers();
    const requests = new Requests()
      .publish(1, { routingKey: 'mine' })
      .method(0, 'connection.close');
    client.receive(requests.take());
    expect(client.answerNames()).toEqual(['basic.ack', 'connection.close-ok']);
    expect(broker.model.findVirtualHost('/')?.findQueue('mine')).toBeUndefined();
    expect(client.connection.open).toBeUndefined();
  });

  it('ignores all but the answer of a client whom it closes', () => {
    const broker = new FakeBroker();
    const client = broker.client();
    client.call(2, 'basic.get', { queue: 'q' });
    expect(client.answer('connection.close').fields.replyCode).toBe(504);
    client.call(1, 'queue.declare', { queue: 'late' });
    expect(client.answers()).toEqual([]);
    client.call(0, 'connection.close-ok');
    expect(client.transport.state).toBe('ended');
    client.connection.lost();
    expect(broker.clock.pending).toBe(0);
    expect(broker.model.findVirtualHost('/')?.findQueue('late')).toBeUndefined();
  });

  it('cuts a client who never answers', () => {
    const broker = new FakeBroker();
    const client = broker.client();
    client.call(2, 'basic.get', { queue: 'q' });
    broker.clock.advance(10_000);
    expect(client.transport.state).toBe('destroyed');
  });
});

describe('permissions', () => {
  it('bound what a user may declare, write and read: 403 otherwise', () => {
    const broker = new FakeBroker({ users: [ann, { name: 'root', password: 'root' }] });
    const root = broker.client({ user: 'root' });
    root.call(1, 'queue.declare', { queue: 'public.q' });
    root.call(1, 'queue.declare', { queue: 'private.q' });
    const greeting = { user: 'ann', password: 'secret' };
    const allowed = broker.client(greeting);
    allowed.call(1, 'queue.declare', { queue: 'ann.q' });
    allowed.answer('queue.declare-ok');
    allowed.call(1, 'basic.get', { queue: 'public.q' });
    allowed.answer('basic.get-empty');
    allowed.publish(1, { routingKey: 'private.q' });
    expect(allowed.answers()).toEqual([]);
    for (const request of [
      new Requests().method(1, 'queue.declare', { queue: 'q' }),
      new Requests().method(1, 'queue.delete', { queue: 'public.q' }),
      new Requests().method(1, 'basic.get', { queue: 'ann.q' }),
      new Requests().method(1, 'basic.consume', { queue: 'private.q' }),
      new Requests().method(1, 'queue.purge', { queue: 'private.q' }),
      new Requests().method(1, 'exchange.declare', { exchange: 'x', type: 'direct' }),
      new Requests().method(1, 'queue.bind', { queue: 'ann.q', exchange: 'amq.topic' }),
      new Requests().publish(1, { exchange: 'amq.topic', routingKey: 'k' }),
    ]) {
      const client = broker.client(greeting);
      client.receive(request.take());
      expect(client.answer('channel.close').fields.replyCode).toBe(403);
    }
  });

  it('let nobody publish in the name of another, but an impersonator', () => {
    const broker = new FakeBroker({
      users: [
        { name: 'ann', password: 'ann' },
        { name: 'proxy', password: 'proxy', tags: ['impersonator'] },
      ],
    });
    const forged = { routingKey: 'q', properties: { userId: 'bob' } };
    const ann = broker.client({ user: 'ann' });
    ann.publish(1, { routingKey: 'q', properties: { userId: 'ann' } });
    expect(ann.answers()).toEqual([]);
    ann.publish(1, forged);
    expect(ann.answer('channel.close').fields.replyCode).toBe(406);
    const proxy = broker.client({ user: 'proxy' });
    proxy.publish(1, forged);
    expect(proxy.answers()).toEqual([]);
  });
});
