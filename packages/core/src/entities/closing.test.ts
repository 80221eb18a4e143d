// close() in every state that a connection can be in: it ends in time and leaves nothing behind.
import { type Broker, startBroker } from '@leveret/broker';
import { createInbox, deadline, startTcpProxy, type TcpProxy } from '@leveret/testkit';
import { describe, expect, test, vi } from 'vitest';
import type { BackoffOptions } from '../internal/backoff.ts';
import type { Channel } from './channel.ts';
import { type Connection, connect } from './connection.ts';
import { fill, isOver, text } from './live.fixture.ts';
import type { Queue } from './queue.ts';

const CLOSE = 200;
const DRAIN = 200;

interface Scene {
  readonly broker: Broker;
  readonly proxy: TcpProxy;
  readonly connection: Connection;
  readonly channel: Channel;
  readonly queue: Queue;
  /** Resolves with the next status of that kind. */
  reaches(state: string): Promise<void>;
}

/** How the scene is brought into a state; what it starts and nobody awaits is to settle with the close. */
type Setting = (scene: Scene) => Promise<readonly Promise<unknown>[]>;

const never = (): Promise<never> => new Promise<never>(() => {});

/** Handlers of a consumer that never end, one of them running. */
async function hang({ channel, queue }: Scene): Promise<void> {
  const running = createInbox<void>('a running handler');
  await queue.consume(() => {
    running.push();
    return never();
  });
  await fill(channel, queue, 'x');
  await running.next();
}

const settings: Record<string, Setting> = {
  'with nothing to do': async () => [],
  'with handlers that never return': async (scene) => {
    await hang(scene);
    return [];
  },
  'with publishes that are not confirmed': async ({ broker, channel, queue }) => {
    broker.faults.dropConfirms();
    return [fill(channel, queue, ...'abc')];
  },
  'with requests that are not answered': async ({ broker, connection, channel, queue }) => {
    await fill(channel, queue, 'x');
    broker.faults.stallReading();
    return [
      channel.declareQueue('other'),
      channel.getQueue('queue'),
      queue.get(),
      queue.consume(() => {}),
      connection.channel(),
      channel.transaction(() => {}),
      queue.iterate().next(),
    ];
  },
  'while the broker blocks publishers': async (scene) => {
    await hang(scene);
    scene.broker.faults.block();
    const publishing = fill(scene.channel, scene.queue, ...'abc');
    await scene.reaches('blocked');
    return [publishing];
  },
  'over a frozen link': async (scene) => {
    await hang(scene);
    scene.proxy.freeze();
    return [fill(scene.channel, scene.queue, 'x'), scene.channel.declareQueue('other')];
  },
  'over a half-open link': async (scene) => {
    scene.proxy.halfOpen();
    return [fill(scene.channel, scene.queue, 'x')];
  },
  'while it waits to reconnect': async (scene) => {
    scene.proxy.refuse();
    scene.proxy.cut();
    await scene.reaches('reconnecting');
    return [fill(scene.channel, scene.queue, 'x'), scene.channel.declareQueue('other')];
  },
  'in the middle of an attempt to reconnect': async (scene) => {
    scene.proxy.cut();
    scene.proxy.freeze();
    const attempt = scene.proxy.nextConnection();
    scene.proxy.thaw();
    await scene.reaches('reconnecting');
    await attempt;
    scene.proxy.freeze();
    return [fill(scene.channel, scene.queue, 'x')];
  },
  'with a handler that outlived its channel': async (scene) => {
    await hang(scene);
    scene.proxy.cut({ reset: true });
    await scene.reaches('connected');
    return [];
  },
};

/** Where the next attempt must not come by itself. */
const backoffs: Record<string, BackoffOptions> = {
  'while it waits to reconnect': { initial: 600_000, max: 600_000 },
};

const sockets = (): number =>
  process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length;

describe('close', () => {
  test.for(Object.entries(settings))(
    'ends in time and leaves nothing behind: %s',
    async ([name, set]) => {
      const before = sockets();
      const listeners = process.eventNames().map((name) => process.listenerCount(name));
      vi.spyOn(globalThis, 'setTimeout');
      vi.spyOn(globalThis, 'setInterval');
      const broker = await startBroker();
      const proxy = await startTcpProxy({
        host: '127.0.0.1',
        port: Number(new URL(broker.url).port),
      });
      const connection = await connect(proxy.url(broker.url), {
        closeTimeout: CLOSE,
        operationTimeout: 333_333,
        attemptTimeout: 444_444,
        backoff: backoffs[name] ?? { initial: 50, max: 50 },
      });
      const channel = await connection.channel({ drainTimeout: DRAIN, publishTimeout: 555_555 });
      const queue = await channel.declareQueue('queue');
      const states = createInbox<string>('a status');
      connection.on('status', ({ state }) => states.push(state));
      const reaches = async (state: string): Promise<void> => {
        while ((await states.next()) !== state);
      };
      const pending = await set({ broker, proxy, connection, channel, queue, reaches });
      const settled = Promise.allSettled(pending);

      const start = performance.now();
      await deadline(connection.close(), 5000, 'close');
      // Half a second of grace: the machine has other things to do.
      expect(performance.now() - start).toBeLessThan(CLOSE + DRAIN + 500);
      await deadline(settled, 1000, 'the end of everything that was under way');
      expect(connection.status).toEqual({ state: 'closed', cause: undefined });
      expect(channel.status).toMatchObject({ state: 'closed' });
      await expect(channel.defaultExchange.publish(text('x'), 'q')).rejects.toMatchObject({
        code: 'CLOSED',
      });

      await proxy.close();
      await broker.close();
      const made = [vi.mocked(setTimeout), vi.mocked(setInterval)].flatMap((spy) =>
        spy.mock.results.map(({ value }) => value),
      );
      vi.restoreAllMocks();
      await expect.poll(() => made.filter((timer: NodeJS.Timeout) => !isOver(timer))).toEqual([]);
      await expect.poll(sockets).toBe(before);
      expect(process.eventNames().map((name) => process.listenerCount(name))).toEqual(listeners);
    },
  );
});
