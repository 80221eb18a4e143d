// What is closed, or was only looked at, is let go of: long-lived programs open channels and name queues all the time.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startBroker } from '@leveret/broker';
import { describe, expect, test } from 'vitest';
import type { Channel } from './channel.ts';
import { type Connection, connect } from './connection.ts';
import { openPair } from './live.fixture.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const MANY = 50;

/** How many of those made are still held by somebody; one more turn lets go of what promises hold. */
async function held(made: readonly WeakRef<object>[]): Promise<number> {
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  return made.filter((each) => each.deref() !== undefined).length;
}

async function many<T extends object>(make: () => Promise<T>): Promise<WeakRef<T>[]> {
  const made: WeakRef<T>[] = [];
  for (let count = 0; count < MANY; count++) made.push(new WeakRef(await make()));
  return made;
}

async function closedChannel(connection: Connection): Promise<Channel> {
  const channel = await connection.channel();
  await channel.defaultExchange.publish({ body: Buffer.from('x') }, 'nowhere', {
    mandatory: false,
  });
  await channel.close();
  return channel;
}

describe('nothing is held of', () => {
  test('channels that were closed', async () => {
    await using broker = await startBroker();
    await using connection = await connect(broker.url);
    const made = await many(() => closedChannel(connection));
    await expect.poll(() => held(made), { timeout: 5000 }).toBeLessThan(3);
  });

  test('connections that were closed', async () => {
    await using broker = await startBroker();
    const made = await many(async () => {
      const { connection } = await openPair(broker.url);
      await connection.close();
      return connection;
    });
    await expect.poll(() => held(made), { timeout: 5000 }).toBeLessThan(3);
  });

  test.for(['ensured', 'not ensured'] as const)(
    'queues and exchanges that were looked up: %s',
    async (how) => {
      await using broker = await startBroker();
      await using pair = await openPair(broker.url);
      const { channel } = pair;
      await channel.declareQueue('queue');
      const options = { ensure: how === 'ensured' };
      const made = [
        ...(await many(() => channel.getQueue('queue', options))),
        ...(await many(() => channel.getExchange('amq.topic', options))),
      ];
      await expect.poll(() => held(made), { timeout: 5000 }).toBeLessThan(3);
    },
  );
});
