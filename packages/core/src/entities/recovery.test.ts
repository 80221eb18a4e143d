import { createInbox, deadline, type Inbox, startTcpProxy, type TcpProxy } from '@leveret/testkit';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import { expect, test } from 'vitest';
import type { ConnectionOptions } from '../connection/options.ts';
import type { LeveretEvent } from '../diagnostics/events.ts';
import type { IncomingMessage } from '../message/incoming.ts';
import {
  codeOf,
  fill,
  openPair,
  type Pair,
  privateQueue,
  ready,
  text,
  textOf,
} from './live.fixture.ts';

const backoff = { initial: 5, max: 50 };

/** A connection through a proxy. */
interface Wire extends Pair {
  readonly proxy: TcpProxy;
  readonly events: Inbox<LeveretEvent>;
}

async function openWire(url: string, options: ConnectionOptions = {}): Promise<Wire> {
  const { hostname: host, port } = new URL(url);
  const proxy = await startTcpProxy({ host, port: Number(port) });
  const pair = await openPair(proxy.url(url), { backoff, closeTimeout: 2000, ...options });
  const events = createInbox<LeveretEvent>('an event');
  pair.connection.on('event', events.push);
  const dispose = async (): Promise<void> => {
    proxy.heal();
    await pair.connection.close();
    await proxy.close();
  };
  return { ...pair, proxy, events, [Symbol.asyncDispose]: dispose };
}

/** The next event of a type. */
async function nextEvent({ events }: Wire, type: LeveretEvent['type']): Promise<LeveretEvent> {
  for (;;) {
    const event = await events.next(10_000);
    if (event.type === type) return event;
  }
}

/** Cuts the link and waits until the channel is back. */
async function cutAndRecover(wire: Wire, reset = false): Promise<LeveretEvent> {
  const recovered = nextEvent(wire, 'recovered');
  wire.proxy.cut({ reset });
  return await recovered;
}

describeWithBroker('a connection whose link is cut', (getUrl) => {
  test.for([false, true])('comes back with everything on it (by a reset: %s)', async (reset) => {
    await using wire = await openWire(getUrl());
    const { channel } = wire;
    const name = uniqueName('comeback');
    const source = await channel.declareExchange(`${name}-source`, {
      type: 'topic',
      autoDelete: true,
    });
    const middle = await channel.declareExchange(`${name}-middle`, {
      type: 'fanout',
      autoDelete: true,
    });
    const queue = await privateQueue(channel, name);
    await middle.bind(source, 'user.#');
    await queue.bind(middle);
    const inbox = createInbox<IncomingMessage>('a message');
    await queue.consume(inbox.push, { prefetch: 2 });
    expect(await cutAndRecover(wire, reset)).toMatchObject({
      replayed: { exchanges: 2, queues: 1, bindings: 2, consumers: 1 },
    });
    for (const body of 'abcd') await source.publish(text(body), 'user.created');
    const [first] = await inbox.take(2);
    expect(await ready(channel, queue)).toBe(2);
    expect(inbox.size).toBe(0);
    first?.ack();
    expect(textOf(await inbox.next())).toBe('c');
  });

  test('tells its status all the way', async () => {
    await using wire = await openWire(getUrl());
    const states = createInbox<string>('a status');
    wire.connection.on('status', ({ state }) => states.push(state));
    const channelStates: string[] = [];
    wire.channel.on('status', ({ state }) => channelStates.push(state));
    await cutAndRecover(wire);
    expect(await states.take(2)).toEqual(['reconnecting', 'connected']);
    expect(channelStates).toEqual(['recovering', 'open']);
  });

  test('names a queue of the broker anew, and bindings and consumers follow', async () => {
    await using wire = await openWire(getUrl());
    const { channel } = wire;
    const queue = await channel.declareQueue();
    const before = queue.name;
    await queue.bind('amq.headers', '', { arguments: (name) => ({ to: name }) });
    const inbox = createInbox<IncomingMessage>('a message');
    const consumer = await queue.consume(inbox.push, { noAck: true });
    await cutAndRecover(wire);
    expect(queue.name).not.toBe(before);
    expect(consumer.queue).toBe(queue.name);
    await fill(channel, queue, 'by name');
    const headers = await channel.getExchange('amq.headers');
    await headers.publish({ ...text('by binding'), headers: { to: queue.name } }, '');
    expect((await inbox.take(2)).map(textOf)).toEqual(['by name', 'by binding']);
    expect(await codeOf(headers.publish({ ...text('old'), headers: { to: before } }, ''))).toBe(
      'UNROUTABLE',
    );
  });

  test('does not bring back what was deleted, unbound or cancelled', async () => {
    await using wire = await openWire(getUrl());
    const { channel } = wire;
    const exchange = await channel.declareExchange(uniqueName('kept'), { autoDelete: true });
    const gone = await channel.declareExchange(uniqueName('gone'));
    const queue = await privateQueue(channel);
    const deleted = await privateQueue(channel);
    await queue.bind(exchange, 'kept');
    await queue.bind(exchange, 'unbound');
    await queue.unbind(exchange, 'unbound');
    const consumer = await queue.consume(() => {});
    await consumer.close();
    await deleted.delete();
    await gone.delete();
    expect(await cutAndRecover(wire)).toMatchObject({
      replayed: { exchanges: 1, queues: 1, bindings: 1, consumers: 0 },
    });
    expect(await codeOf(channel.getQueue(deleted.name))).toBe('NOT_FOUND');
    expect(await codeOf(channel.getExchange(gone.name))).toBe('NOT_FOUND');
    expect(await codeOf(exchange.publish(text('x'), 'unbound'))).toBe('UNROUTABLE');
    await exchange.publish(text('x'), 'kept');
    expect((await channel.getQueue(queue.name)).consumerCount).toBe(0);
  });

  test('keeps a queue that the broker named, and what is in it, where only the channel is lost', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const exchange = await channel.declareExchange(uniqueName('exchange'), { autoDelete: true });
    const queue = await channel.declareQueue();
    await queue.bind(exchange, 'key');
    await exchange.publish(text('x'), 'key');
    const { name } = queue;
    const messages = createInbox<IncomingMessage>('a message');
    const inHand = await queue.consume(messages.push);
    await messages.next();
    const missing = await channel.getExchange(uniqueName('missing'), { ensure: false });
    expect(await codeOf(missing.publish(text('lost'), ''))).toBe('EXCHANGE_NOT_FOUND');
    await exchange.publish(text('y'), 'key');
    const again = [await messages.next(), await messages.next()];
    expect(again.map((message) => [textOf(message), message.redelivered])).toEqual([
      ['x', true],
      ['y', false],
    ]);
    expect(queue.name).toBe(name);
    await inHand.close();
  });

  test('delivers what is published by who is told that the channel was closed, confirmed or not', async () => {
    await using pair = await openPair(getUrl());
    const { channel, connection } = pair;
    const queue = await privateQueue(channel);
    const publishing: Promise<void>[] = [];
    connection.on('event', ({ type }) => {
      if (type === 'channel-closed')
        for (const confirm of [true, false])
          publishing.push(channel.defaultExchange.publish(text('x'), queue.name, { confirm }));
    });
    const missing = await channel.getExchange(uniqueName('missing'), { ensure: false });
    expect(await codeOf(missing.publish(text('lost'), ''))).toBe('EXCHANGE_NOT_FOUND');
    await Promise.all(publishing);
    expect(publishing).toHaveLength(2);
    const messages = createInbox<IncomingMessage>('a message');
    await queue.consume(messages.push, { noAck: true });
    await messages.take(2);
    expect(connection.status.state).toBe('connected');
  });

  test('declares a queue that the broker names once, however often it fails on the way', async () => {
    await using wire = await openWire(getUrl());
    const { channel } = wire;
    await using observer = await openPair(getUrl());
    const exchange = await observer.channel.declareExchange(uniqueName('exchange'));
    const queue = await channel.declareQueue();
    await queue.bind(exchange.name, 'key');
    await exchange.delete();
    const failures = createInbox<string>('a recovery that failed');
    const names = new Set<string>();
    wire.connection.on('event', ({ type }) => {
      if (type === 'recovery-failed') failures.push(queue.name);
    });
    wire.proxy.cut();
    for (const name of await failures.take(4, 10_000)) names.add(name);
    expect(names.size).toBe(1);
    const again = await observer.channel.declareExchange(exchange.name);
    await channel.getQueue(queue.name);
    await again.delete();
  });

  test('costs nothing where a binding with recover: false is refused', async () => {
    await using pair = await openPair(getUrl());
    const events = createInbox<LeveretEvent>('an event');
    pair.connection.on('event', events.push);
    const queue = await privateQueue(pair.channel);
    const exchange = await pair.channel.declareExchange(uniqueName('bound'), { autoDelete: true });
    const once = { recover: false };
    expect(await codeOf(queue.bind(uniqueName('missing'), '', once))).toBe('NOT_FOUND');
    expect(await codeOf(exchange.bind(uniqueName('missing'), '', once))).toBe('NOT_FOUND');
    await queue.bind(exchange, 'key');
    expect(events.drain().filter(({ type }) => type === 'channel-closed')).toEqual([]);
  });

  test('does not make a binding again that was made with recover: false', async () => {
    await using wire = await openWire(getUrl());
    const { channel } = wire;
    const source = await channel.declareExchange(uniqueName('source'), { autoDelete: true });
    const middle = await channel.declareExchange(uniqueName('middle'), {
      type: 'fanout',
      autoDelete: true,
    });
    const queue = await privateQueue(channel);
    await queue.bind(middle);
    await middle.bind(source, 'kept');
    await middle.bind(source, 'exchange, once', { recover: false });
    await queue.bind(source, 'queue, once', { recover: false });
    const once = ['exchange, once', 'queue, once'];
    for (const key of once) {
      await source.publish(text(key), key);
      expect(textOf(await queue.get({ noAck: true }))).toBe(key);
    }
    expect(await cutAndRecover(wire)).toMatchObject({
      replayed: { exchanges: 2, queues: 1, bindings: 2, consumers: 0 },
    });
    await source.publish(text('x'), 'kept');
    for (const key of once) expect(await codeOf(source.publish(text(key), key))).toBe('UNROUTABLE');
    expect(textOf(await queue.get({ noAck: true }))).toBe('x');
  });

  test('keeps a prefetch shared by all consumers', async () => {
    await using wire = await openWire(getUrl());
    const { channel } = wire;
    await channel.setQos({ prefetch: 2, global: true });
    const queue = await privateQueue(channel);
    const inbox = createInbox<IncomingMessage>('a message');
    await queue.consume(inbox.push);
    await cutAndRecover(wire);
    await fill(channel, queue, ...'abcd');
    await inbox.take(2);
    expect(await ready(channel, queue)).toBe(2);
    expect(inbox.size).toBe(0);
  });

  test('sends what was not confirmed again, with the same id', async () => {
    await using wire = await openWire(getUrl());
    await using observer = await openPair(getUrl());
    const queue = await observer.channel.declareQueue(uniqueName('again'), { autoDelete: true });
    const inbox = createInbox<IncomingMessage>('a message');
    await queue.consume(inbox.push, { noAck: true });
    const { defaultExchange } = wire.channel;
    await defaultExchange.publish(text('first'), queue.name);
    await inbox.next();
    const cut = wire.proxy.cutAfter('toClient', 0);
    const publishing = defaultExchange.publish({ ...text('x'), messageId: 'same' }, queue.name);
    await deadline(cut, 5000, 'the cut');
    await deadline(publishing, 5000, 'the publish');
    const [one, two] = await inbox.take(2);
    expect([one?.messageId, two?.messageId]).toEqual(['same', 'same']);
    expect(await nextEvent(wire, 'recovered')).toMatchObject({ resent: 1 });
    await queue.delete();
  });

  test('does not send again what must not be: UNCONFIRMED', async () => {
    await using wire = await openWire(getUrl());
    const queue = await privateQueue(wire.channel);
    await fill(wire.channel, queue, 'first');
    const cut = wire.proxy.cutAfter('toClient', 0);
    const publishing = wire.channel.defaultExchange.publish(text('x'), queue.name, {
      resend: false,
    });
    expect(await deadline(codeOf(publishing), 5000, 'the publish')).toBe('UNCONFIRMED');
    await cut;
  });

  test('loses none of 5,000 confirmed messages over several cuts, and keeps their order', {
    timeout: 60_000,
  }, async () => {
    await using wire = await openWire(getUrl());
    await using observer = await openPair(getUrl());
    const queue = await observer.channel.declareQueue(uniqueName('all'), { autoDelete: true });
    const received = createInbox<number>('a message');
    await queue.consume((message) => received.push(Number(textOf(message))), { noAck: true });
    const { defaultExchange } = wire.channel;
    let cuts = 0;
    const cutAgain = async (): Promise<void> => {
      const [direction, bytes] =
        cuts % 2 ? (['toServer', 40_000] as const) : (['toClient', 1500] as const);
      await wire.proxy.cutAfter(direction, bytes, { reset: cuts > 2 });
      if (++cuts < 6) await cutAgain();
    };
    const cutting = cutAgain();
    const publishing: Promise<void>[] = [];
    while (publishing.length < 5000 || cuts < 6) {
      for (let count = 0; count < 500; count++)
        publishing.push(defaultExchange.publish(text(String(publishing.length)), queue.name));
      await deadline(Promise.all(publishing), 30_000, 'the confirms');
    }
    await cutting;
    const total = publishing.length;
    const seen = new Set<number>();
    const firsts: number[] = [];
    while (seen.size < total) {
      const index = await received.next();
      if (seen.has(index)) continue;
      seen.add(index);
      firsts.push(index);
    }
    expect(firsts).toEqual(Array.from({ length: total }, (_, index) => index));
    await queue.delete();
  });

  test('bounds what waits for it by count and by bytes', async () => {
    await using wire = await openWire(getUrl());
    const { connection, proxy } = wire;
    const channel = await connection.channel({ maxBuffered: 3, maxBufferedBytes: 1000 });
    const queue = await privateQueue(channel);
    const away = new Promise<void>((resolve) => {
      channel.on('status', ({ state }) => {
        if (state === 'recovering') resolve();
      });
    });
    proxy.refuse();
    proxy.cut();
    await away;
    const { defaultExchange } = channel;
    const waiting = [1, 2].map(() => defaultExchange.publish(text('x'), queue.name));
    const large = { body: Buffer.alloc(1000) };
    expect(await codeOf(defaultExchange.publish(large, queue.name))).toBe('BUFFER_FULL');
    waiting.push(defaultExchange.publish(text('x'), queue.name));
    expect(await codeOf(defaultExchange.publish(text('x'), queue.name))).toBe('BUFFER_FULL');
    const late = defaultExchange.publish(text('x'), queue.name, { timeout: 1 });
    expect(await codeOf(late)).toBe('BUFFER_FULL');
    proxy.accept();
    await deadline(Promise.all(waiting), 10_000, 'the publishes that waited');
    expect(await ready(channel, queue)).toBe(3);
  });

  test('lets a publish that waits too long end with TIMEOUT', async () => {
    await using wire = await openWire(getUrl());
    const queue = await privateQueue(wire.channel);
    wire.proxy.freeze();
    const publishing = wire.channel.defaultExchange.publish(text('x'), queue.name, { timeout: 50 });
    expect(await deadline(codeOf(publishing), 5000, 'the timeout')).toBe('TIMEOUT');
    wire.proxy.thaw();
    await fill(wire.channel, queue, 'after');
  });

  test('answers requests that were under way', async () => {
    await using wire = await openWire(getUrl());
    const { channel, proxy } = wire;
    const name = uniqueName('late');
    const cut = proxy.cutAfter('toClient', 0);
    const queue = await deadline(channel.declareQueue(name, { exclusive: true }), 10_000, 'it');
    await cut;
    expect(await ready(channel, queue)).toBe(0);
  });

  test('does not wait for a handler that hangs, and skips settling what is dead', async () => {
    await using wire = await openWire(getUrl());
    const { channel } = wire;
    const queue = await channel.declareQueue(uniqueName('hung'));
    const inbox = createInbox<IncomingMessage>('a message');
    const consumer = await queue.consume(
      (message) => {
        inbox.push(message);
        return new Promise(() => {});
      },
      { drainTimeout: 0 },
    );
    await fill(channel, queue, 'x');
    const dead = await inbox.next();
    await cutAndRecover(wire);
    expect(dead.signal.aborted).toBe(true);
    dead.ack();
    expect(await nextEvent(wire, 'settle-skipped')).toMatchObject({ deliveryTag: 1 });
    const again = await inbox.next();
    expect([textOf(again), again.redelivered]).toEqual(['x', true]);
    again.ack();
    await consumer.close();
    expect(await queue.delete()).toBe(0);
  });

  test('goes on with an iteration, without the messages of the dead channel', async () => {
    await using wire = await openWire(getUrl());
    const { channel } = wire;
    const queue = await channel.declareQueue(uniqueName('loop'));
    await fill(channel, queue, ...'abc');
    const iteration = queue.iterate();
    const first = await iteration.next();
    if (first.done) throw new Error('it ended');
    first.value.ack();
    while ((await ready(channel, queue)) > 0);
    await cutAndRecover(wire);
    const rest: string[] = [];
    for await (const message of iteration) {
      rest.push(textOf(message) ?? '');
      message.ack();
      if (textOf(message) === 'c') break;
    }
    expect(rest.join('').replace('a', '')).toBe('bc');
    expect(await queue.delete()).toBe(0);
  });

  test('closes while it is away', async () => {
    await using wire = await openWire(getUrl());
    const { connection, channel, proxy } = wire;
    proxy.refuse();
    proxy.cut();
    const publishing = codeOf(channel.defaultExchange.publish(text('x'), 'q'));
    const declaring = codeOf(channel.declareQueue(uniqueName('never')));
    await deadline(connection.close(), 5000, 'close');
    expect(await declaring).toBe('CLOSED');
    expect(['CLOSED', 'UNCONFIRMED']).toContain(await publishing);
    expect(connection.status.state).toBe('closed');
  });

  test('without recovery is closed with the cause, and so is everything on it', async () => {
    await using wire = await openWire(getUrl(), { recover: false });
    const { connection, channel, proxy } = wire;
    const queue = await privateQueue(channel);
    const consumer = await queue.consume(() => {});
    await fill(channel, queue, 'x');
    const cut = proxy.cutAfter('toClient', 0);
    const publishing = codeOf(channel.defaultExchange.publish(text('x'), queue.name));
    await cut;
    expect(await deadline(publishing, 5000, 'the publish')).toBe('UNCONFIRMED');
    expect((await deadline(consumer.ended, 5000, 'the end'))?.code).toBe('CONNECTION_LOST');
    expect(connection.status).toMatchObject({
      state: 'closed',
      cause: { code: 'CONNECTION_LOST' },
    });
    expect(channel.status).toMatchObject({ state: 'closed', cause: { code: 'CONNECTION_LOST' } });
    expect(await codeOf(channel.declareQueue(''))).toBe('CLOSED');
    expect(await codeOf(channel.defaultExchange.publish(text('x'), 'q'))).toBe('CLOSED');
    expect(await codeOf(connection.channel())).toBe('CLOSED');
  });

  test('finds out by heartbeats that a silent link is dead, and comes back', {
    timeout: 15_000,
  }, async () => {
    await using wire = await openWire(getUrl(), { heartbeat: 1000 });
    const states = createInbox<string>('a status');
    wire.connection.on('status', ({ state }) => states.push(state));
    wire.proxy.freeze();
    expect(await states.next(8000)).toBe('reconnecting');
    wire.proxy.thaw();
    expect(await states.next(8000)).toBe('connected');
    await privateQueue(wire.channel);
  });

  test('ends a consumer whose queue is gone for good, and brings the rest of the channel back', async () => {
    await using wire = await openWire(getUrl());
    await using observer = await openPair(getUrl());
    const { channel } = wire;
    const theirs = await observer.channel.declareQueue(uniqueName('theirs'));
    const kept = await privateQueue(channel);
    const consumer = await (await channel.getQueue(theirs.name)).consume(() => {});
    wire.proxy.refuse();
    const away = new Promise<void>((resolve) => {
      channel.on('status', ({ state }) => {
        if (state === 'recovering') resolve();
      });
    });
    wire.proxy.cut();
    await away;
    await theirs.delete();
    wire.proxy.accept();
    const cause = await deadline(consumer.ended, 4000, 'the end of the consumer');
    expect(cause?.code).toBe('CANCELLED');
    await fill(channel, kept, 'x');
  });
});
