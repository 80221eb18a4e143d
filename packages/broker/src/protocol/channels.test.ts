import { describe, expect, it } from 'vitest';
import { AmqpError } from '../base/amqp-error.ts';
import { FakeBroker } from './connection.fixture.ts';
import { isMethod, Requests } from './frames.fixture.ts';

describe('a refusal on a channel', () => {
  it('closes that channel alone, and gives back what it held at once', () => {
    const broker = new FakeBroker();
    const client = broker.client();
    client.call(1, 'queue.declare', { queue: 'q' });
    client.call(2, 'channel.open');
    client.publish(1, { routingKey: 'q' });
    client.call(1, 'basic.consume', { queue: 'q' });
    client.answers();
    client.call(1, 'queue.declare', { queue: 'missing', passive: true });
    expect(client.answer('channel.close').fields).toMatchObject({
      replyCode: 404,
      replyText: "NOT_FOUND - no queue 'missing' in vhost '/'",
      classId: 50,
      methodId: 10,
    });
    const queue = broker.model.findVirtualHost('/')?.findQueue('q');
    expect([queue?.messageCount, queue?.unackedCount, queue?.consumerCount]).toEqual([1, 0, 0]);
    client.call(1, 'queue.declare', { queue: 'late' });
    expect(client.answers()).toEqual([]);
    client.call(2, 'queue.declare', { queue: 'q' });
    client.answer('queue.declare-ok');
    client.call(1, 'channel.close-ok');
    client.call(1, 'channel.open');
    client.answer('channel.open-ok');
  });

  it('follows the confirms of what came before', () => {
    const client = new FakeBroker().client();
    client.call(1, 'confirm.select');
    client.answers();
    const requests = new Requests()
      .publish(1, { routingKey: 'nowhere' })
      .publish(1, { routingKey: 'nowhere' })
      .publish(1, { exchange: 'missing', routingKey: 'k' });
    client.receive(requests.take());
    const [ack, close] = client.answers();
    expect(ack).toMatchObject({ name: 'basic.ack', fields: { deliveryTag: 2, multiple: true } });
    expect(close).toMatchObject({ name: 'channel.close', fields: { replyCode: 404 } });
  });
});

describe('confirms', () => {
  it('come once for all that was read in one go', () => {
    const client = new FakeBroker().client();
    client.call(1, 'confirm.select');
    client.answer('confirm.select-ok');
    const three = new Requests();
    for (let i = 0; i < 3; i += 1) three.publish(1, { routingKey: 'nowhere' });
    client.receive(three.take());
    expect(client.answer('basic.ack').fields).toEqual({ deliveryTag: 3, multiple: true });
    client.publish(1, { routingKey: 'nowhere' });
    expect(client.answer('basic.ack').fields).toEqual({ deliveryTag: 4, multiple: false });
  });

  it('come after what is returned', () => {
    const client = new FakeBroker().client();
    client.call(1, 'confirm.select');
    client.answers();
    client.publish(1, { routingKey: 'nowhere', mandatory: true, body: 'back' });
    const [returned, ack] = client.answers();
    expect(returned).toMatchObject({ name: 'basic.return', body: 'back' });
    expect(ack).toMatchObject({ name: 'basic.ack', fields: { deliveryTag: 1 } });
  });

  it('that a fault holds back leave no timers when the channel ends', () => {
    const broker = new FakeBroker();
    const client = broker.client();
    client.call(1, 'confirm.select');
    client.answers();
    broker.faults.confirms = { kind: 'delay', ms: 1000 };
    client.publish(1, { routingKey: 'nowhere' });
    expect(broker.clock.pending).toBe(1);
    client.call(1, 'channel.close');
    client.answer('channel.close-ok');
    expect(broker.clock.pending).toBe(0);
    broker.clock.advance(1000);
    expect(client.answers()).toEqual([]);
  });
});

describe('deliveries', () => {
  it('stop while the client does not read, and go on when it does', () => {
    const broker = new FakeBroker();
    const client = broker.client();
    const other = broker.client();
    client.call(1, 'queue.declare', { queue: 'q' });
    client.call(1, 'basic.consume', { queue: 'q', noAck: true });
    client.answers();
    client.transport.writable = false;
    for (const body of ['1', '2', '3']) other.publish(1, { routingKey: 'q', body });
    expect(client.answers()).toEqual([]);
    client.transport.writable = true;
    client.connection.writable();
    expect(client.answers().map(({ body }) => body)).toEqual(['1', '2', '3']);
  });

  it('go to another consumer while one does not read', () => {
    const broker = new FakeBroker();
    const slow = broker.client();
    const fast = broker.client();
    slow.call(1, 'queue.declare', { queue: 'q' });
    for (const client of [slow, fast]) client.call(1, 'basic.consume', { queue: 'q' });
    slow.answers();
    fast.answers();
    slow.transport.writable = false;
    for (const body of ['1', '2', '3']) fast.publish(1, { routingKey: 'q', body });
    expect(fast.answers().map(({ body }) => body)).toEqual(['1', '2', '3']);
    expect(slow.answers()).toEqual([]);
  });

  it('stop at the prefetch, and go on with each settlement', () => {
    const client = new FakeBroker().client();
    client.call(1, 'queue.declare', { queue: 'q' });
    for (let i = 0; i < 4; i += 1) client.publish(1, { routingKey: 'q' });
    client.call(1, 'basic.qos', { prefetchCount: 2 });
    client.call(1, 'basic.consume', { queue: 'q' });
    const names = ['basic.consume-ok', 'basic.deliver', 'basic.deliver'];
    expect(client.answerNames()).toEqual(['queue.declare-ok', 'basic.qos-ok', ...names]);
    client.call(1, 'basic.ack', { deliveryTag: 1 });
    expect(client.answer('basic.deliver').fields.deliveryTag).toBe(3);
    client.call(1, 'basic.reject', { deliveryTag: 2, requeue: false });
    expect(client.answer('basic.deliver').fields.deliveryTag).toBe(4);
    client.call(1, 'basic.ack', { deliveryTag: 9 });
    expect(client.answer('channel.close').fields.replyCode).toBe(406);
  });
});

describe('a prefetch that consumers share', () => {
  it.each([
    ['of one queue', ['q', 'q']],
    ['of several queues', ['q', 'other']],
  ])('goes round among those %s', (_, queues) => {
    const client = new FakeBroker().client();
    for (const queue of new Set(queues)) {
      client.call(1, 'queue.declare', { queue });
      for (let i = 0; i < 6; i += 1) client.publish(1, { routingKey: queue });
    }
    client.call(1, 'basic.qos', { prefetchCount: 1, global: true });
    for (const [i, queue] of queues.entries()) {
      client.call(1, 'basic.consume', { queue, consumerTag: `${i}` });
    }
    for (let deliveryTag = 1; deliveryTag < 6; deliveryTag += 1) {
      client.call(1, 'basic.ack', { deliveryTag });
    }
    const tags = client
      .answers()
      .flatMap((answer) => (isMethod(answer, 'basic.deliver') ? answer.fields.consumerTag : []));
    // The first was alone at first, and asked for more before the second came.
    expect(tags).toEqual(['0', '0', '1', '0', '1', '0']);
  });
});

describe('a connection that ends', () => {
  it('gives back what it held once, not to other channels of its own', () => {
    const broker = new FakeBroker();
    const client = broker.client();
    client.call(1, 'queue.declare', { queue: 'q' });
    client.call(2, 'channel.open');
    for (const channel of [1, 2]) client.call(channel, 'basic.consume', { queue: 'q' });
    client.publish(1, { routingKey: 'q' });
    client.connection.lost();
    expect(broker.traffic).toMatchObject({ delivered: 1, requeued: 1 });
  });
});

describe('an alarm', () => {
  it('holds back who publishes, in the midst of what was read, and nobody else', () => {
    const broker = new FakeBroker();
    const publisher = broker.client();
    const consumer = broker.client();
    broker.alarm('no room');
    const requests = new Requests()
      .publish(1, { routingKey: 'q', body: 'first' })
      .method(1, 'queue.declare', { queue: 'after' });
    publisher.receive(requests.take());
    expect(publisher.answer('connection.blocked').fields.reason).toBe('no room');
    expect(publisher.transport.reading).toBe(false);
    consumer.call(1, 'queue.declare', { queue: 'q' });
    consumer.answer('queue.declare-ok');
    expect(consumer.transport.reading).toBe(true);
    broker.alarm(undefined);
    expect(publisher.answerNames()).toEqual(['connection.unblocked', 'queue.declare-ok']);
    expect(publisher.transport.reading).toBe(true);
  });

  it('is not told to those who would not understand', () => {
    const broker = new FakeBroker();
    const old = broker.client({ clientProperties: new Map() });
    broker.alarm('no room');
    old.publish(1, { routingKey: 'q' });
    expect(old.transport.reading).toBe(false);
    broker.alarm(undefined);
    expect(old.transport.reading).toBe(true);
    expect(old.answers()).toEqual([]);
  });

  it('does not keep a connection that it blocks from closing', () => {
    const broker = new FakeBroker();
    const client = broker.client();
    broker.alarm('no room');
    client.publish(1, { routingKey: 'q' });
    client.connection.close(new AmqpError(320, 'shutdown'));
    expect(client.answerNames()).toEqual(['connection.blocked', 'connection.close']);
    expect(client.transport.reading).toBe(true);
    client.call(0, 'connection.close-ok');
    expect(client.transport.state).toBe('ended');
    broker.alarm(undefined);
    expect(client.answers()).toEqual([]);
  });
});

describe('direct reply-to', () => {
  it('carries a reply back to the requester alone, without a queue', () => {
    const broker = new FakeBroker();
    const requester = broker.client();
    const server = broker.client();
    server.call(1, 'queue.declare', { queue: 'rpc' });
    server.call(1, 'basic.consume', { queue: 'rpc', noAck: true });
    server.answers();
    requester.call(1, 'basic.consume', { queue: 'amq.rabbitmq.reply-to', noAck: true });
    requester.answer('basic.consume-ok');
    requester.publish(1, {
      routingKey: 'rpc',
      properties: { replyTo: 'amq.rabbitmq.reply-to', correlationId: '7' },
    });
    const { replyTo = '' } = server.answer('basic.deliver').properties;
    expect(replyTo).toMatch(/^amq\.rabbitmq\.reply-to\../);
    server.publish(1, { routingKey: replyTo, properties: { correlationId: '7' }, body: 'pong' });
    expect(server.answers()).toEqual([]);
    expect(requester.answer('basic.deliver')).toMatchObject({
      body: 'pong',
      properties: { correlationId: '7' },
    });
    expect(Array.from(broker.model.findVirtualHost('/')?.queues ?? [])).toHaveLength(1);
    requester.call(1, 'channel.close');
    requester.answers();
    server.publish(1, { routingKey: replyTo, mandatory: true, body: 'late' });
    expect(server.answer('basic.return').body).toBe('late');
  });

  it('refuses requests without a consumer, and consumers that would acknowledge', () => {
    const broker = new FakeBroker();
    const eager = broker.client();
    eager.publish(1, { routingKey: 'rpc', properties: { replyTo: 'amq.rabbitmq.reply-to' } });
    expect(eager.answer('channel.close').fields.replyCode).toBe(406);
    const careful = broker.client();
    careful.call(1, 'basic.consume', { queue: 'amq.rabbitmq.reply-to' });
    expect(careful.answer('channel.close').fields.replyCode).toBe(406);
  });
});

describe('transactions', () => {
  it('count as memory until they are committed or rolled back', () => {
    const broker = new FakeBroker();
    const client = broker.client();
    client.call(1, 'tx.select');
    const { budget } = broker.model;
    for (const end of ['tx.commit', 'tx.rollback'] as const) {
      client.publish(1, { routingKey: 'nowhere' });
      expect(budget.used).toBeGreaterThan(0);
      client.call(1, end);
      expect(budget.used).toBe(0);
    }
  });

  it('hold room in the prefetch until the commit, also where they were rolled back before', () => {
    const client = new FakeBroker().client();
    client.call(1, 'queue.declare', { queue: 'q' });
    for (let i = 0; i < 3; i += 1) client.publish(1, { routingKey: 'q' });
    client.call(1, 'tx.select');
    client.call(1, 'basic.qos', { prefetchCount: 1 });
    client.call(1, 'basic.consume', { queue: 'q' });
    client.answers();
    client.call(1, 'basic.ack', { deliveryTag: 1 });
    client.call(1, 'tx.rollback');
    expect(client.answerNames()).toEqual(['tx.rollback-ok']);
    client.call(1, 'basic.ack', { deliveryTag: 1 });
    expect(client.answers()).toEqual([]);
    client.call(1, 'tx.commit');
    expect(client.answerNames()).toEqual(['basic.deliver', 'tx.commit-ok']);
  });

  it('leave nothing behind that went to a queue which is deleted before the commit', () => {
    const broker = new FakeBroker();
    const client = broker.client();
    client.call(1, 'queue.declare', { queue: 'q' });
    client.call(1, 'tx.select');
    client.publish(1, { routingKey: 'q', properties: { expiration: '1000' } });
    client.call(1, 'queue.delete', { queue: 'q' });
    const timers = broker.clock.pending;
    client.call(1, 'tx.commit');
    expect([broker.model.budget.used, broker.clock.pending]).toEqual([0, timers]);
  });

  it('publish and settle at the commit, and not at all at the rollback', () => {
    const client = new FakeBroker().client();
    client.call(1, 'queue.declare', { queue: 'q' });
    client.call(1, 'tx.select');
    client.answers();
    client.publish(1, { routingKey: 'q', body: 'dropped' });
    client.call(1, 'tx.rollback');
    client.publish(1, { routingKey: 'q', body: 'kept' });
    client.call(1, 'basic.get', { queue: 'q' });
    expect(client.answerNames()).toEqual(['tx.rollback-ok', 'basic.get-empty']);
    client.call(1, 'tx.commit');
    client.answer('tx.commit-ok');
    client.call(1, 'basic.get', { queue: 'q' });
    expect(client.answer('basic.get-ok').body).toBe('kept');
  });
});
