import { createInbox, deadline } from '@leveret/testkit';
import { HostileBroker, M } from '@leveret/testkit/hostile';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import { expect, test } from 'vitest';
import { UnroutableError } from '../message/unroutable-error.ts';
import { connect } from './connection.ts';
import {
  codeOf,
  errorOf,
  fill,
  openPair,
  privateQueue,
  ready,
  text,
  textOf,
} from './live.fixture.ts';

describeWithBroker('publishing', (getUrl) => {
  test('a message that reaches no queue is UNROUTABLE, and comes back with the error', async () => {
    await using pair = await openPair(getUrl());
    const routingKey = uniqueName('nowhere');
    const message = { ...text('lost'), headers: { a: [1] }, messageId: 'mine', correlationId: 'c' };
    const error = await errorOf(pair.channel.defaultExchange.publish(message, routingKey));
    if (!(error instanceof UnroutableError)) throw error;
    expect(error.code).toBe('UNROUTABLE');
    const { returned } = error;
    expect(textOf(returned)).toBe('lost');
    expect(returned).toMatchObject({ routingKey, replyCode: 312, messageId: 'mine' });
    expect(returned.headers).toEqual({ a: [1] });
  });

  test('each of several unroutable messages with the same id is told of', async () => {
    await using pair = await openPair(getUrl());
    const { defaultExchange } = pair.channel;
    const queue = await privateQueue(pair.channel);
    const message = { ...text('x'), messageId: 'same' };
    const outcomes = await Promise.allSettled(
      Array.from({ length: 60 }, (_, index) =>
        defaultExchange.publish(message, index % 2 ? queue.name : uniqueName('nowhere')),
      ),
    );
    const refused = outcomes.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(30);
    expect(await ready(pair.channel, queue)).toBe(30);
  });

  test('a message that need not reach a queue is published all the same', async () => {
    await using pair = await openPair(getUrl());
    const publishing = pair.channel.defaultExchange.publish(text('x'), uniqueName('nowhere'), {
      mandatory: false,
    });
    await expect(publishing).resolves.toBeUndefined();
  });

  test('a missing exchange fails the messages for it and no other of 200 under way', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await privateQueue(channel);
    const present = await channel.getExchange('amq.direct');
    await queue.bind(present, queue.name);
    const missing = await channel.getExchange(uniqueName('missing'), { ensure: false });
    const also = await channel.getExchange(uniqueName('missing'), { ensure: false });
    const good: Promise<void>[] = [];
    const bad: Promise<string>[] = [];
    for (let index = 0; index < 200; index++) {
      const exchange = index % 2 ? channel.defaultExchange : present;
      good.push(exchange.publish(text(String(index)), queue.name));
      if (index === 70 || index === 150) bad.push(codeOf(missing.publish(text('bad'), 'key')));
      if (index === 100) bad.push(codeOf(also.publish(text('bad'), 'key')));
    }
    await deadline(Promise.all(good), 10_000, 'the good ones');
    expect(await Promise.all(bad)).toEqual(Array(3).fill('EXCHANGE_NOT_FOUND'));
    const bodies = new Set<string | undefined>();
    const count = await ready(channel, queue);
    for (let index = 0; index < count; index++)
      bodies.add(textOf(await queue.get({ noAck: true })));
    expect(bodies.size).toBe(200);
  });

  test('an exchange that takes nothing from publishers fails its message alone, ACCESS_REFUSED', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await privateQueue(channel);
    const internal = await channel.declareExchange(uniqueName('internal'), { internal: true });
    const good = Array.from({ length: 20 }, (_, index) =>
      channel.defaultExchange.publish(text(String(index)), queue.name),
    );
    const bad = codeOf(internal.publish(text('bad'), 'key'));
    const after = channel.defaultExchange.publish(text('after'), queue.name);
    await deadline(Promise.all([...good, after]), 10_000, 'the good ones');
    expect(await bad).toBe('ACCESS_REFUSED');
    await internal.delete();
  });

  test('consumers of the channel go on after a publish that the broker closed it over', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await privateQueue(channel);
    const received: (string | undefined)[] = [];
    const both = new Promise<void>((resolve) => {
      void queue.consume((message) => {
        message.ack();
        received.push(textOf(message));
        if (textOf(message) === 'two') resolve();
      });
    });
    await fill(channel, queue, 'one');
    const missing = await channel.getExchange(uniqueName('missing'), { ensure: false });
    expect(await codeOf(missing.publish(text('bad'), 'key'))).toBe('EXCHANGE_NOT_FOUND');
    await fill(channel, queue, 'two');
    await deadline(both, 5000, 'both messages');
    expect(new Set(received)).toEqual(new Set(['one', 'two']));
  });

  test('a message that breaks a rule is refused by its field, and disturbs nobody', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await privateQueue(channel);
    const events: unknown[] = [];
    pair.connection.on('event', (event) => events.push(event));
    const good = Array.from({ length: 50 }, () =>
      channel.defaultExchange.publish(text('x'), queue.name),
    );
    const error = await errorOf(
      channel.defaultExchange.publish({ ...text('x'), headers: { n: Number.NaN } }, queue.name),
    );
    expect(error).toMatchObject({ code: 'INVALID_MESSAGE', field: 'headers.n' });
    await Promise.all(good);
    expect(await ready(channel, queue)).toBe(50);
    expect(events).toEqual([]);
  });

  test('a queue that refuses a message makes it NACKED', async () => {
    await using pair = await openPair(getUrl());
    const queue = await pair.channel.declareQueue(uniqueName('full'), {
      exclusive: true,
      arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' },
    });
    const codes = [];
    for (let round = 0; round < 4; round++)
      codes.push(
        await pair.channel.defaultExchange.publish(text('x'), queue.name).then(
          () => 'taken',
          (error: { code: string }) => error.code,
        ),
      );
    expect(codes[0]).toBe('taken');
    expect(codes.at(-1)).toBe('NACKED');
  });

  test('publishes after close are CLOSED', async () => {
    await using pair = await openPair(getUrl());
    await pair.channel.close();
    await pair.channel.close();
    expect(await codeOf(pair.channel.defaultExchange.publish(text('x'), 'q'))).toBe('CLOSED');
    expect(await codeOf(pair.channel.declareQueue('q'))).toBe('CLOSED');
    await pair.connection.close();
    await pair.connection.close();
    expect(await codeOf(pair.connection.channel())).toBe('CLOSED');
  });

  test('close waits for what was published before it', async () => {
    await using pair = await openPair(getUrl());
    await using observer = await openPair(getUrl());
    const queue = await observer.channel.declareQueue(uniqueName('late'), { autoDelete: true });
    const published = Array.from({ length: 300 }, () =>
      pair.channel.defaultExchange.publish(text('x'), queue.name),
    );
    await pair.connection.close();
    const outcomes = await Promise.allSettled(published);
    expect(outcomes.every(({ status }) => status === 'fulfilled')).toBe(true);
    expect(await ready(observer.channel, queue)).toBe(300);
    await queue.delete();
  });

  test('without a confirm a publish resolves at once and a return is told to listeners', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const returned = new Promise<string | undefined>((resolve) => {
      channel.on('return', (message) => resolve(textOf(message)));
    });
    await channel.defaultExchange.publish(text('back'), uniqueName('nowhere'), { confirm: false });
    expect(await deadline(returned, 5000, 'the return')).toBe('back');
  });

  test('so it does where the channel says so, unless the publish does not', async () => {
    await using connection = await connect(getUrl());
    const channel = await connection.channel({ confirm: false });
    const { defaultExchange } = channel;
    const nowhere = uniqueName('nowhere');
    await expect(defaultExchange.publish(text('x'), nowhere)).resolves.toBeUndefined();
    const confirmed = defaultExchange.publish(text('x'), nowhere, { confirm: true });
    expect(await codeOf(confirmed)).toBe('UNROUTABLE');
  });
});

describeWithBroker('a mandatory message that reaches no queue', (getUrl) => {
  test.for(['of the channel', 'of the publish'] as const)(
    'resolves where an option %s says so, after the listeners were told',
    async (whose) => {
      await using connection = await connect(getUrl());
      const event = { unroutable: 'event' } as const;
      const channel = await connection.channel(whose === 'of the channel' ? event : {});
      const told: string[] = [];
      channel.on('return', ({ messageId }) => told.push(String(messageId)));
      const { defaultExchange } = channel;
      const nowhere = uniqueName('nowhere');
      const options = whose === 'of the publish' ? event : {};
      await defaultExchange.publish({ ...text('x'), messageId: 'first' }, nowhere, options);
      expect(told).toEqual(['first']);
      const strict = { ...text('x'), messageId: 'second' };
      expect(await codeOf(defaultExchange.publish(strict, nowhere, { unroutable: 'reject' }))).toBe(
        'UNROUTABLE',
      );
      expect(told).toEqual(['first']);
    },
  );
});

describeWithBroker('an expiration', (getUrl) => {
  test('may be a number of milliseconds or the date until which the message may wait', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await privateQueue(channel);
    const publish = (expiration: number | Date): Promise<void> =>
      channel.defaultExchange.publish({ ...text('x'), expiration }, queue.name);
    await publish(60_000);
    expect((await queue.get({ noAck: true }))?.expiration).toBe(60_000);
    await publish(new Date(Date.now() + 60_000));
    const left = (await queue.get({ noAck: true }))?.expiration;
    expect(left).toBeGreaterThan(50_000);
    expect(left).toBeLessThanOrEqual(60_000);
    await publish(new Date(Date.now() - 60_000));
    await publish(0);
    expect(await queue.get()).toBeUndefined();
    const invalid = publish(new Date(Number.NaN));
    await expect(invalid).rejects.toMatchObject({ code: 'INVALID_MESSAGE', field: 'expiration' });
    const far = publish(new Date(Date.now() + 2 ** 32 + 60_000));
    await expect(far).rejects.toMatchObject({ code: 'INVALID_MESSAGE', field: 'expiration' });
  });
});

test('a transaction that the broker does not begin in time is TIMEOUT, and leaves no channel behind', async () => {
  await using broker = await HostileBroker.start();
  await using connection = await connect(broker.url, { closeTimeout: 200 });
  const channel = await connection.channel();
  const peer = await broker.peers.next();
  expect(await codeOf(channel.transaction(() => {}, { timeout: 50 }))).toBe('TIMEOUT');
  expect((await peer.wait(M.channelClose)).channel).toBe(2);
});

describeWithBroker('a transaction', (getUrl) => {
  test('publishes everything when its function ends, and nothing before', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await privateQueue(channel);
    const seen: number[] = [];
    const result = await channel.transaction(async () => {
      await fill(channel, queue, 'one', 'two');
      seen.push(await ready(channel, queue));
      return 'result';
    });
    expect([result, ...seen, await ready(channel, queue)]).toEqual(['result', 0, 2]);
  });

  test('publishes nothing when its function throws, and rejects with what it threw', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await privateQueue(channel);
    const failing = channel.transaction(async () => {
      await fill(channel, queue, 'one');
      throw new RangeError('no');
    });
    await expect(failing).rejects.toThrow(RangeError);
    expect(await ready(channel, queue)).toBe(0);
  });

  test('holds only what its own function publishes', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await privateQueue(channel);
    let goOn = (): void => {};
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const running = channel.transaction(async () => {
      await fill(channel, queue, 'inside');
      await held;
      throw new RangeError('no');
    });
    await fill(channel, queue, 'outside');
    expect(await ready(channel, queue)).toBe(1);
    goOn();
    await expect(running).rejects.toThrow(RangeError);
    expect(textOf(await queue.get({ noAck: true }))).toBe('outside');
    expect(await queue.get()).toBeUndefined();
  });

  test('says which message reached no queue', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const error = await errorOf(
      channel.transaction(() => channel.defaultExchange.publish(text('lost'), uniqueName('no'))),
    );
    if (!(error instanceof UnroutableError)) throw error;
    expect(textOf(error.returned)).toBe('lost');
  });

  test('tells the listeners of what reached no queue where that was asked for', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const told = createInbox<string | undefined>('a return');
    channel.on('return', (message) => told.push(textOf(message)));
    await channel.transaction(() =>
      channel.defaultExchange.publish(text('back'), uniqueName('nowhere'), { unroutable: 'event' }),
    );
    expect(await told.next()).toBe('back');
  });

  test('into a missing exchange is EXCHANGE_NOT_FOUND, and publishes nothing', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await privateQueue(channel);
    const missing = await channel.getExchange(uniqueName('missing'), { ensure: false });
    const code = codeOf(
      channel.transaction(async () => {
        await fill(channel, queue, 'one');
        await missing.publish(text('bad'), 'key');
      }),
    );
    expect(await code).toBe('EXCHANGE_NOT_FOUND');
    expect(await ready(channel, queue)).toBe(0);
    await fill(channel, queue, 'after');
  });

  test('refuses what its function publishes after it has ended', async () => {
    await using pair = await openPair(getUrl());
    const { channel } = pair;
    const queue = await privateQueue(channel);
    let goOn = (): void => {};
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const late = await channel.transaction(() => {
      return { publishing: codeOf(held.then(() => fill(channel, queue, 'late'))) };
    });
    goOn();
    expect(await late.publishing).toBe('CLOSED');
  });
});
