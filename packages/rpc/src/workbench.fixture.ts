// What the tests of this package set up again and again.
import { jsonCodec } from '@leveret/codec-json';
import {
  type Channel,
  type Connection,
  type ConnectionOptions,
  connect,
  type IncomingMessage,
  type LeveretEvent,
  type OutgoingMessage,
} from '@leveret/core';
import { createInbox, type Inbox, startTcpProxy, type TcpProxy } from '@leveret/testkit';
import { onTestFinished } from 'vitest';
import { RPC } from './rpc.ts';
import type { AnyApi, RpcOptions } from './types.ts';

/** A connection of a test's own, with a channel and an RPC on it, closed when the test ends. */
export interface Workbench<Api extends object> {
  readonly connection: Connection;
  readonly channel: Channel;
  readonly rpc: RPC<Api>;
  /** What the connection reported. */
  readonly events: Inbox<LeveretEvent>;
}

/** How a workbench is set up. */
export interface WorkbenchOptions extends Partial<RpcOptions> {
  readonly connection?: ConnectionOptions;
}

/** Opens a workbench. */
export async function openWorkbench<Api extends object = AnyApi>(
  url: string,
  { connection: connectionOptions, ...options }: WorkbenchOptions = {},
): Promise<Workbench<Api>> {
  const connection = await connect(url, { connectTimeout: 10_000, ...connectionOptions });
  onTestFinished(() => connection.close());
  const events = createInbox<LeveretEvent>('an event of the connection');
  connection.on('event', events.push);
  const channel = await connection.channel();
  const rpc = await RPC.create<Api>(channel, { codec: jsonCodec(), ...options });
  return { connection, channel, events, rpc };
}

/** A workbench whose connection goes through a proxy, so that it can be cut. */
export async function openFragile<Api extends object = AnyApi>(
  url: string,
  options: WorkbenchOptions = {},
): Promise<Workbench<Api> & { readonly proxy: TcpProxy }> {
  const { hostname, port } = new URL(url);
  const proxy = await startTcpProxy({ host: hostname, port: Number(port) });
  onTestFinished(() => proxy.close());
  const connection = { backoff: { initial: 10, max: 50 } };
  const bench = await openWorkbench<Api>(proxy.url(url), { connection, ...options });
  return { ...bench, proxy };
}

/** The next event of a kind, all others left out. */
export async function eventOf<Type extends LeveretEvent['type']>(
  events: Inbox<LeveretEvent>,
  type: Type,
): Promise<Extract<LeveretEvent, { type: Type }>> {
  for (;;) {
    const event = await events.next(10_000);
    if (isOf(event, type)) return event;
  }
}

/** A caller made by hand: sends bare messages to the default exchange, and shows the bare replies. */
export async function openBareCaller(channel: Channel): Promise<{
  readonly replyTo: string;
  readonly replies: Inbox<IncomingMessage>;
  send(method: string, message: OutgoingMessage): Promise<void>;
}> {
  const queue = await channel.declareQueue('', { exclusive: true });
  const replies = createInbox<IncomingMessage>('a reply');
  await queue.consume(replies.push, { noAck: true });
  return {
    replyTo: queue.name,
    replies,
    send: (method, message) => channel.defaultExchange.publish(message, method),
  };
}

/** Something that a method waits for until the test says so. */
export function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

/** Why a promise rejected; what it gave where it did not. */
export function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: unknown) => error);
}

function isOf<Type extends LeveretEvent['type']>(
  event: LeveretEvent,
  type: Type,
): event is Extract<LeveretEvent, { type: Type }> {
  return event.type === type;
}
