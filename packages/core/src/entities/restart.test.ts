import { createInbox, deadline, type PrivateBroker, privateBrokers } from '@leveret/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ConnectionStatus } from '../connection/supervisor.ts';
import type { LeveretEvent } from '../diagnostics/events.ts';
import type { IncomingMessage } from '../message/incoming.ts';
import { codeOf, fill, openPair, type Pair, text, textOf } from './live.fixture.ts';

const BOOTS_MS = 120_000;
const backoff = { initial: 20, max: 200 };

/** Follows the status of a connection. */
function statusOf({ connection }: Pair): {
  reaches(state: ConnectionStatus['state']): Promise<void>;
} {
  const inbox = createInbox<ConnectionStatus>('a status');
  connection.on('status', inbox.push);
  return {
    async reaches(state) {
      while ((await inbox.next(60_000)).state !== state);
    },
  };
}

describe.for(privateBrokers())('a broker of its own ($name)', { timeout: BOOTS_MS }, (choice) => {
  let node: PrivateBroker;
  beforeAll(async () => {
    node = await choice.start();
  }, BOOTS_MS);
  afterAll(() => node?.[Symbol.asyncDispose]());

  describe('that blocks publishers', () => {
    afterEach(() => node.unblock());

    test('makes what is published wait, end with BLOCKED in time, or go through afterwards', async () => {
      await using pair = await openPair(node.url);
      const status = statusOf(pair);
      const { channel, connection } = pair;
      const queue = await channel.declareQueue('blocked', { exclusive: true });
      await fill(channel, queue, 'before');
      await node.block();
      const patient = channel.defaultExchange.publish(text('patient'), queue.name);
      await status.reaches('blocked');
      expect(connection.status).toMatchObject({ reason: expect.stringContaining('memory') });
      const hasty = channel.defaultExchange.publish(text('hasty'), queue.name, { timeout: 100 });
      expect(await deadline(codeOf(hasty), 5000, 'the refusal')).toBe('BLOCKED');
      await node.unblock();
      await status.reaches('connected');
      await deadline(patient, 10_000, 'the publish that waited');
      const bodies = [await queue.get({ noAck: true }), await queue.get({ noAck: true })].map(
        textOf,
      );
      expect(bodies).toEqual(['before', 'patient']);
      expect(await queue.get()).toBeUndefined();
    });

    test('does not hold up close for longer than the close timeout in all', async () => {
      const pair = await openPair(node.url, { closeTimeout: 1000 });
      const status = statusOf(pair);
      const { channel, connection } = pair;
      const queue = await channel.declareQueue('', { exclusive: true });
      await queue.consume(() => {});
      await node.block();
      const stuck = codeOf(channel.defaultExchange.publish(text('x'), queue.name));
      await status.reaches('blocked');
      const start = performance.now();
      await deadline(connection.close(), 10_000, 'close');
      const took = performance.now() - start;
      expect(took).toBeLessThan(1900);
      expect(await stuck).toBe('UNCONFIRMED');
      await node.unblock();
    });
  });

  test.for(['stopped', 'killed'])(
    'brings everything back after it was %s and started',
    async (how) => {
      await using pair = await openPair(node.url, { backoff });
      const status = statusOf(pair);
      const events = createInbox<LeveretEvent>('an event');
      pair.connection.on('event', events.push);
      const { channel } = pair;
      const exchange = await channel.declareExchange(`${how}-passing`, { durable: false });
      const queue = await channel.declareQueue(`${how}-durable`);
      const named = await channel.declareQueue();
      const nameBefore = named.name;
      await queue.bind(exchange, 'durable');
      await named.bind(exchange, 'named');
      const inbox = createInbox<IncomingMessage>('a message');
      await named.consume(inbox.push, { noAck: true });
      await fill(channel, queue, 'kept');
      await node.sync();

      await (how === 'killed' ? node.kill() : node.stop());
      await status.reaches('reconnecting');
      const meanwhile = exchange.publish(text('meanwhile'), 'durable', { timeout: 60_000 });
      await node.start();
      await status.reaches('connected');
      await deadline(meanwhile, 20_000, 'the publish that waited');
      expect(named.name).not.toBe(nameBefore);
      await exchange.publish(text('to the named'), 'named');
      expect(textOf(await inbox.next())).toBe('to the named');
      const bodies = [await queue.get({ noAck: true }), await queue.get({ noAck: true })].map(
        textOf,
      );
      expect(bodies).toEqual(['kept', 'meanwhile']);
      const recovered = events.drain().filter(({ type }) => type === 'recovered');
      expect(recovered).toHaveLength(1);
    },
  );
});
