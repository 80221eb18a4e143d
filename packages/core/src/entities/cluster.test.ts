// Three nodes with quorum queues: a leader that is killed, a network that parts them, a majority that is gone.
import {
  createInbox,
  deadline,
  findRabbitServer,
  type RabbitCluster,
  startRabbitCluster,
} from '@leveret/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LeveretEvent } from '../diagnostics/events.ts';
import type { Connection } from './connection.ts';
import { codeOf, errorOf, openPair, text, textOf } from './live.fixture.ts';

const BOOTS_MS = 180_000;
const backoff = { initial: 20, max: 200 };

/** The node that a connection is on. */
function nodeOf(cluster: RabbitCluster, { status }: Connection) {
  const node = cluster.nodes.find(({ port }) => 'port' in status && status.port === port);
  if (!node) throw new Error(`it is on no node: ${status.state}`);
  return node;
}

describe.skipIf(findRabbitServer() === undefined)('a cluster of three nodes', () => {
  let cluster: RabbitCluster;
  beforeAll(async () => {
    cluster = await startRabbitCluster();
  }, BOOTS_MS);
  afterAll(() => cluster?.[Symbol.asyncDispose](), BOOTS_MS);

  test('loses no message of a quorum queue and keeps delivering when its leader is killed', {
    timeout: BOOTS_MS,
  }, async () => {
    await using publisher = await openPair(cluster.urls, { backoff });
    await using subscriber = await openPair(cluster.urls, { backoff });
    const queue = await publisher.channel.declareQueue('led', { queueType: 'quorum' });
    const seen = new Set<number>();
    const all = createInbox<void>('all messages');
    const consumed = await subscriber.channel.declareQueue('led', { queueType: 'quorum' });
    let expected = Number.POSITIVE_INFINITY;
    await consumed.consume((message) => {
      seen.add(Number(textOf(message)));
      message.ack();
      if (seen.size === expected) all.push();
    });
    let published = 0;
    let stop = false;
    const publishing = (async (): Promise<void> => {
      while (!stop) {
        const batch = Array.from({ length: 50 }, () => text(String(published++)));
        await Promise.all(
          batch.map((body) => publisher.channel.defaultExchange.publish(body, queue.name)),
        );
      }
    })();
    await cluster.killLeaderOf('led');
    await cluster.startAll();
    stop = true;
    await deadline(publishing, 30_000, 'the confirms');
    expected = published;
    if (seen.size < published) await all.next(30_000);
    expect(seen.size).toBe(published);
    expect(await queue.delete()).toBe(0);
  });

  test('takes a client from a node that is cut off to one of the majority', {
    timeout: BOOTS_MS,
  }, async () => {
    await using pair = await openPair(cluster.urls, { backoff });
    const queue = await pair.channel.declareQueue('parted', { queueType: 'quorum' });
    const events = createInbox<LeveretEvent>('an event');
    pair.connection.on('event', events.push);
    const minority = nodeOf(cluster, pair.connection);
    const majority = cluster.nodes.filter((node) => node !== minority);
    cluster.partition([minority], majority);
    let event = await events.next(60_000);
    while (event.type !== 'reconnected') event = await events.next(60_000);
    expect(majority).toContain(nodeOf(cluster, pair.connection));
    await pair.channel.defaultExchange.publish(text('x'), queue.name);
    cluster.heal();
    await cluster.untilWhole();
    const message = await queue.get();
    expect(textOf(message)).toBe('x');
    message?.ack();
    await queue.delete();
  });
});

describe.skipIf(findRabbitServer() === undefined)('a quorum queue whose majority is gone', () => {
  let cluster: RabbitCluster;
  beforeAll(async () => {
    cluster = await startRabbitCluster({ partitionHandling: 'ignore' });
  }, BOOTS_MS);
  afterAll(() => cluster?.[Symbol.asyncDispose](), BOOTS_MS);

  test('leaves nothing pending for ever, and goes on with everything once it is back', {
    timeout: BOOTS_MS,
  }, async () => {
    // The first node survives.
    const [url = ''] = cluster.urls;
    const timeouts = { operationTimeout: 2000, closeTimeout: 1000 };
    await using pair = await openPair(url, { backoff, ...timeouts });
    const { channel, connection } = pair;
    const queue = await channel.declareQueue('stuck', { queueType: 'quorum' });
    await channel.defaultExchange.publish(text('before'), queue.name);
    await cluster.killMajority();

    const { defaultExchange } = channel;
    const publishing = errorOf(defaultExchange.publish(text('x'), queue.name, { timeout: 1000 }));
    const patient = defaultExchange.publish(text('patient'), queue.name, { timeout: BOOTS_MS });
    expect(await deadline(publishing, 5000, 'the publish')).toMatchObject({
      code: 'TIMEOUT',
      operation: 'publish',
    });
    const other = await connection.channel();
    const stuck = await other.getQueue(queue.name, { ensure: false });
    expect(await deadline(errorOf(stuck.get()), 5000, 'the get')).toMatchObject({
      code: 'TIMEOUT',
      operation: 'basic.get',
    });
    const declaring = other.declareQueue('another', { queueType: 'quorum' });
    // Refused by one version, unanswered by another: but it ends.
    expect(['TIMEOUT', 'REFUSED', 'NOT_FOUND']).toContain(
      await deadline(codeOf(declaring), 10_000, 'the declaration'),
    );
    await using doomed = await openPair(url, { ...timeouts, backoff });
    void doomed.channel.defaultExchange.publish(text('y'), queue.name).catch(() => {});
    await deadline(doomed.connection.close(), 5000, 'close');

    await cluster.startAll();
    await deadline(patient, 60_000, 'the publish that waited');
    const bodies = new Set<string | undefined>();
    for (let message = await queue.get(); message; message = await queue.get()) {
      bodies.add(textOf(message));
      message.ack();
    }
    for (const body of ['before', 'patient']) expect(bodies).toContain(body);
    await queue.delete();
  });
});
