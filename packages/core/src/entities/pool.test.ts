import { describeWithBroker } from '@leveret/testkit/vitest';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../internal/clock.ts';
import { type Deferred, deferred } from '../internal/deferred.ts';
import { connect } from './connection.ts';
import { codeOf, privateQueue, text } from './live.fixture.ts';
import { Pool, type Poolable } from './pool.ts';

/** A resource that notes how it fares. */
class Thing {
  status = { state: 'open' };
  closed = 0;

  async close(): Promise<void> {
    this.closed++;
    this.status = { state: 'closed' };
  }
}

function poolOfThings(maxSize: number, acquireTimeout = 5000) {
  const things: Thing[] = [];
  const create = async (): Promise<Thing> => {
    const thing = new Thing();
    things.push(thing);
    return thing;
  };
  return { things, pool: new Pool(create, { maxSize, acquireTimeout }) };
}

/** A pool whose resources come when they are told to. */
function slowPool(maxSize: number, acquireTimeout = 5000) {
  const orders: Deferred<Thing>[] = [];
  const create = (): Promise<Thing> => {
    const order = deferred<Thing>();
    orders.push(order);
    return order.promise;
  };
  return { orders, pool: new Pool(create, { maxSize, acquireTimeout }) };
}

test('who is given up in the very moment in which one is given back costs the pool nothing', async () => {
  const pool = new Pool(() => ({ close: async () => {} }), { maxSize: 1, acquireTimeout: 50 });
  const lease = await pool.acquire();
  systemClock.after(50, lease.release);
  const second = await pool.acquire().catch(() => undefined);
  second?.release();
  (await pool.acquire()).release();
  await pool.close();
});

describe('a pool', () => {
  test('makes a resource when it is needed, and hands out the same one again', async () => {
    const { pool, things } = poolOfThings(5);
    expect(pool.size).toBe(0);
    const seen = new Set<Thing>();
    for (let turn = 0; turn < 10; turn++) await pool.use((thing) => seen.add(thing));
    expect([...seen]).toEqual(things);
    expect(things).toHaveLength(1);
  });

  test('never has more than its bound, however many want one', async () => {
    const { pool, things } = poolOfThings(3);
    let running = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
    };
    await Promise.all(Array.from({ length: 100 }, () => pool.use(work)));
    expect(most).toBe(3);
    expect(things).toHaveLength(3);
  });

  test('serves those who wait in the order in which they came', async () => {
    const { pool } = poolOfThings(1);
    const first = await pool.acquire();
    const order: number[] = [];
    const others = [1, 2, 3].map((each) => pool.use(() => order.push(each)));
    expect(pool.pending).toBe(3);
    first.release();
    // Whoever comes now is behind them, though one is free.
    await Promise.all([...others, pool.use(() => order.push(4))]);
    expect(order).toEqual([1, 2, 3, 4]);
  });

  test('gets a resource back when its user throws, once, and when its scope ends', async () => {
    const { pool } = poolOfThings(1);
    const failing = pool.use(() => {
      throw new RangeError('no');
    });
    await expect(failing).rejects.toThrow(RangeError);
    {
      await using lease = await pool.acquire();
      expect(lease.value.status.state).toBe('open');
    }
    const lease = await pool.acquire();
    lease.release();
    lease.release();
    await pool.acquire();
    expect(pool.size).toBe(1);
  });

  test('replaces a resource that was closed, whether free or in use', async () => {
    const { pool, things } = poolOfThings(1);
    await pool.use((thing) => thing.close());
    await pool.use((thing) => expect(thing).toBe(things[1]));
    await things[1]?.close();
    await pool.use((thing) => expect(thing).toBe(things[2]));
    expect(pool.size).toBe(1);
  });

  test('tells who waited longest that a resource could not be made, and tries again for the next', async () => {
    const { pool, orders } = slowPool(1);
    const first = pool.acquire();
    const second = pool.acquire();
    orders[0]?.reject(new RangeError('no'));
    await expect(first).rejects.toThrow(RangeError);
    await expect.poll(() => orders.length).toBe(2);
    const thing = new Thing();
    orders[1]?.resolve(thing);
    expect((await second).value).toBe(thing);
  });

  test('gives up waiting with TIMEOUT; what comes later is for others', async () => {
    const { pool, orders } = slowPool(1, 20);
    expect(await codeOf(pool.acquire())).toBe('TIMEOUT');
    expect(pool.pending).toBe(0);
    orders[0]?.resolve(new Thing());
    await pool.use(() => {});
    expect(orders).toHaveLength(1);
  });

  test('closed closes what it has and what is under way; who waits gets CLOSED', async () => {
    const { pool, orders } = slowPool(2);
    const lease = pool.acquire();
    const late = codeOf(pool.acquire());
    const waiting = codeOf(pool.acquire());
    const [first, second] = [new Thing(), new Thing()];
    orders[0]?.resolve(first);
    expect((await lease).value).toBe(first);
    const closing = pool.close();
    expect(await late).toBe('CLOSED');
    expect(await waiting).toBe('CLOSED');
    orders[1]?.resolve(second);
    await closing;
    await pool.close();
    expect([first.closed, second.closed]).toEqual([1, 1]);
    (await lease).release();
    expect(await codeOf(pool.acquire())).toBe('CLOSED');
    expect(pool.closed).toBe(true);
  });

  test('closes in time where a resource never comes', async () => {
    const { pool } = slowPool(1, 20);
    await codeOf(pool.acquire());
    await pool.close();
  });

  test('closes all, also where one cannot be closed, and waits for those that take their time', async () => {
    const closed = deferred();
    const broken = {
      close: (): Promise<void> => {
        throw new RangeError('no');
      },
    };
    const ended: string[] = [];
    const slow = {
      close: async (): Promise<void> => {
        await closed.promise;
        ended.push('slow');
      },
    };
    const items = [broken, slow];
    const pool = new Pool<{ close(): Promise<void> }>(() => items.pop() ?? broken, {
      maxSize: 2,
      acquireTimeout: 0,
    });
    const acquiring = [pool.acquire().catch(() => {}), pool.acquire().catch(() => {})];
    await Promise.all(acquiring);
    const closing = pool.close();
    closed.resolve();
    await closing;
    expect(ended).toEqual(['slow']);
  });

  test('serves who waits when the resource of another is closed', async () => {
    const gone = deferred();
    const first = { ...new Thing(), ended: gone.promise, close: async () => {} };
    const second = new Thing();
    const items: Poolable[] = [second, first];
    const pool = new Pool<Poolable>(() => items.pop() ?? second, { maxSize: 1 });
    const lease = await pool.acquire();
    expect(lease.value).toBe(first);
    const waiting = pool.acquire();
    first.status.state = 'closed';
    gone.resolve();
    expect((await waiting).value).toBe(second);
  });

  test.for<[string, unknown[]]>([
    ['create must be a function, not undefined', [undefined, { maxSize: 1 }]],
    ['options must be an object, not null', [() => new Thing(), null]],
    ['maxSize must be given', [() => new Thing(), {}]],
    ['maxSize must be a whole number from 1 to', [() => new Thing(), { maxSize: 0 }]],
    ['acquireTimeout must be', [() => new Thing(), { maxSize: 1, acquireTimeout: -1 }]],
  ])('says what is wrong: %s', ([rule, given]) => {
    expect(() => Reflect.construct(Pool, given)).toThrow(rule);
  });

  test('refuses a resource that cannot be closed', async () => {
    const pool: Pool<Thing> = Reflect.construct(Pool, [() => 5, { maxSize: 1 }]);
    expect(await codeOf(pool.acquire())).toBe('INVALID_ARGUMENT');
  });
});

describeWithBroker('pools of connections and of their channels', (getUrl) => {
  test('are used as one, survive a channel that was closed, and leave nothing behind', async () => {
    const connections = new Pool(() => connect(getUrl()), { maxSize: 2 });
    const channels = new Pool(() => connections.use((connection) => connection.channel()), {
      maxSize: 5,
    });
    const queue = await channels.use((channel) => privateQueue(channel));
    const publish = (): Promise<void> =>
      channels.use((channel) => channel.defaultExchange.publish(text('x'), queue.name));
    await Promise.all(Array.from({ length: 50 }, publish));
    await channels.use((channel) => channel.close());
    await publish();
    expect(channels.size).toBeLessThanOrEqual(5);
    expect(connections.size).toBeLessThanOrEqual(2);
    await channels.close();
    await connections.close();
  });
});
