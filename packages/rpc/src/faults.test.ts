// Each fault of a link or a broker, in the middle of each operation. The table is that of docs/reliability.md.
import { type Broker, startBroker } from '@leveret/broker';
import { jsonCodec } from '@leveret/codec-json';
import {
  type Channel,
  type Connection,
  connect,
  type IncomingMessage,
  type LeveretEvent,
  type LeveretEventType,
} from '@leveret/core';
import { createInbox, deadline, startTcpProxy, type TcpProxy } from '@leveret/testkit';
import { uniqueName } from '@leveret/testkit/vitest';
import { describe, expect, test } from 'vitest';
import { RPC } from './rpc.ts';
import { gate } from './workbench.fixture.ts';

/** Milliseconds for whatever has to come all the same: a dead link is found after 2.5 s with these heartbeats. */
const SOON = 15_000;
const HEARTBEAT = 1000;
const CLOSE = 1000;

/** A client whose link and broker can be struck, and one beside it that is left alone. */
interface World extends AsyncDisposable {
  readonly broker: Broker;
  readonly proxy: TcpProxy;
  readonly struck: Client;
  /** Not struck, except by what strikes the broker itself. */
  readonly other: Client;
  /** The next event of the struck client of that type. */
  next(type: LeveretEventType): Promise<void>;
}

interface Client {
  readonly connection: Connection;
  readonly channel: Channel;
  readonly rpc: RPC;
}

async function openClient(url: string): Promise<Client> {
  const connection = await connect(url, {
    heartbeat: HEARTBEAT,
    closeTimeout: CLOSE,
    backoff: { initial: 5, max: 20 },
  });
  const channel = await connection.channel({ drainTimeout: 0 });
  return { connection, channel, rpc: await RPC.create(channel, { codec: jsonCodec() }) };
}

async function openWorld(): Promise<World> {
  const broker = await startBroker();
  const { hostname: host, port } = new URL(broker.url);
  const proxy = await startTcpProxy({ host, port: Number(port) });
  const struck = await openClient(proxy.url(broker.url));
  const other = await openClient(broker.url);
  const events = createInbox<LeveretEvent>('an event');
  struck.connection.on('event', events.push);
  return {
    broker,
    proxy,
    struck,
    other,
    async next(type) {
      while ((await events.next(SOON)).type !== type);
    },
    async [Symbol.asyncDispose]() {
      proxy.heal();
      await Promise.all([struck.connection.close(), other.connection.close()]);
      await proxy.close();
      await broker.close();
    },
  };
}

/** Strikes, and mends what does not mend itself. */
const faults: Record<string, (world: World) => Promise<void> | void> = {
  'the link is cut (FIN)': ({ proxy }) => proxy.cut(),
  'the link is cut (RST)': ({ proxy }) => proxy.cut({ reset: true }),
  'the link is cut, and refused for a while': async ({ proxy, next }) => {
    proxy.refuse();
    proxy.cut();
    await next('connect-failed');
    proxy.accept();
  },
  'the link freezes until heartbeats find it': async ({ proxy, next }) => {
    proxy.freeze();
    await next('reconnecting');
    proxy.thaw();
  },
  'the link is half-open until heartbeats find it': ({ proxy }) => proxy.halfOpen(),
  'bytes trickle one by one': ({ proxy }) => proxy.trickle(),
  'the link is slow': ({ proxy }) => {
    proxy.delay(50);
    proxy.limitRate(20_000);
  },
  'the broker is shut down and started again': ({ broker }) => broker.faults.restart(),
  'the broker is killed and started again': ({ broker }) => {
    broker.faults.dropConnections();
    broker.faults.restart();
  },
};

/** Begins an operation, has the fault strike in the middle of it, and checks what is promised. */
type Operation = (world: World, strike: () => Promise<void>) => Promise<unknown>;

const text = (body: string) => ({ body: Buffer.from(body) });
const textOf = ({ body }: IncomingMessage): string => Buffer.from(body).toString();

const operations: Record<string, Operation> = {
  async publish({ struck: { channel }, broker }, strike) {
    const { name } = await channel.declareQueue(uniqueName('queue'));
    const publishing = channel.defaultExchange.publish(text('x'), name);
    await strike();
    await publishing;
    const { ready } = await broker.untilQueue(name, (queue) => queue.ready > 0);
    expect(ready).toBeLessThanOrEqual(2);
  },
  async consume({ struck: { channel }, other }, strike) {
    const queue = await channel.declareQueue(uniqueName('queue'));
    const inbox = createInbox<IncomingMessage>('a message');
    await queue.consume(inbox.push);
    await strike();
    await other.channel.defaultExchange.publish(text('x'), queue.name);
    const message = await inbox.next(SOON);
    expect(textOf(message)).toBe('x');
    message.ack();
  },
  async ack({ struck: { channel }, broker }, strike) {
    const queue = await channel.declareQueue(uniqueName('queue'));
    const inbox = createInbox<IncomingMessage>('a message');
    await queue.consume((message) => {
      inbox.push(message);
      if (message.redelivered) message.ack();
    });
    await channel.defaultExchange.publish(text('x'), queue.name);
    const message = await inbox.next(SOON);
    await strike();
    message.ack();
    await broker.untilEmpty(queue.name, { timeout: SOON });
  },
  async declare({ struck: { channel }, broker }, strike) {
    const name = uniqueName('queue');
    const declaring = channel.declareQueue(name);
    await strike();
    expect((await declaring).name).toBe(name);
    await broker.untilQueue(name, () => true);
  },
  async get({ struck: { channel } }, strike) {
    const queue = await channel.declareQueue(uniqueName('queue'));
    await channel.defaultExchange.publish(text('x'), queue.name);
    const getting = queue.get();
    await strike();
    let message = await getting;
    // Where the answer was lost, the broker may learn of it a moment later than the client.
    while (!message) message = await queue.get();
    expect(textOf(message)).toBe('x');
    message.ack();
  },
  async call({ struck: { rpc }, other }, strike) {
    const name = uniqueName('method');
    await other.rpc.register(name, (args) => args);
    const outcome = rpc.call(name, { n: 1 }, { timeout: SOON }).catch(({ code }) => code);
    await strike();
    expect([{ n: 1 }, 'CONNECTION_LOST']).toContainEqual(await outcome);
    expect(await rpc.call(name, { n: 2 }, { timeout: SOON })).toEqual({ n: 2 });
    expect(rpc.pending).toBe(0);
  },
  async reply({ struck, other: { rpc } }, strike) {
    const name = uniqueName('method');
    const begun = createInbox<void>('a call');
    const held = gate();
    await struck.rpc.register(name, async (args) => {
      begun.push();
      await held.opened;
      return args;
    });
    const outcome = rpc.call(name, { n: 1 }, { timeout: SOON }).catch(({ code }) => code);
    await begun.next(SOON);
    await strike();
    held.open();
    // A fault of the broker itself strikes the caller as well.
    expect([{ n: 1 }, 'CONNECTION_LOST']).toContainEqual(await outcome);
    expect(await rpc.call(name, { n: 2 }, { timeout: SOON })).toEqual({ n: 2 });
  },
  async close({ struck: { connection, channel } }, strike) {
    const queue = await channel.declareQueue(uniqueName('queue'));
    await queue.consume(() => new Promise(() => {}));
    await channel.defaultExchange.publish(text('x'), queue.name);
    const closing = connection.close();
    void strike().catch(() => {}); // what it waits for may not come any more
    await deadline(closing, CLOSE + 1500, 'close');
    expect(connection.status).toEqual({ state: 'closed', cause: undefined });
  },
};

describe.concurrent('when', () => {
  for (const [fault, strike] of Object.entries(faults))
    for (const [operation, run] of Object.entries(operations))
      test(`${fault}, ${operation} keeps its promise`, { timeout: 40_000 }, async () => {
        await using world = await openWorld();
        await deadline(
          run(world, async () => strike(world)),
          30_000,
          operation,
        );
      });
});
