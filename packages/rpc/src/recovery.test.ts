import {
  type Channel,
  type ChannelStatus,
  type IncomingMessage,
  LeveretError,
} from '@leveret/core';
import { createInbox, deadline, type TcpProxy } from '@leveret/testkit';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import { expect, test, vi } from 'vitest';
import type { CallContext } from './types.ts';
import { eventOf, gate, openFragile, openWorkbench, reasonOf } from './workbench.fixture.ts';

/** Cuts the link and lets nobody back, until the proxy accepts again. */
async function cutOff(proxy: TcpProxy, channel: Channel): Promise<void> {
  const statuses = createInbox<ChannelStatus>('a status of the channel');
  channel.on('status', statuses.push);
  proxy.refuse();
  proxy.cut({ reset: true });
  expect(await statuses.next()).toMatchObject({ state: 'recovering' });
}

describeWithBroker('an RPC whose connection is lost', (getUrl) => {
  test('calls again after it, with a new queue for replies', async () => {
    const { rpc, proxy, events } = await openFragile(getUrl());
    const callee = await openWorkbench(getUrl());
    const name = uniqueName('method');
    const requests = createInbox<IncomingMessage>('a request');
    const method = (_args: unknown, { message }: CallContext) => requests.push(message);
    await callee.rpc.register(name, method, { autoDelete: true });
    await rpc.call(name);
    proxy.cut({ reset: true });
    await eventOf(events, 'recovered');
    await rpc.call(name);
    const [before, after] = await requests.take(2);
    expect(after?.replyTo).not.toBe(before?.replyTo);
    expect(after?.headers).toStrictEqual({ From: after?.replyTo });
    expect(rpc.lateReplies).toBe(0);
  });

  test('sends calls that are made meanwhile once replies can come again', async () => {
    const { rpc, proxy, channel } = await openFragile(getUrl());
    const callee = await openWorkbench(getUrl());
    const name = uniqueName('method');
    await callee.rpc.register(name, (args) => args, { autoDelete: true });
    await cutOff(proxy, channel);
    const controller = new AbortController();
    const { signal } = controller;
    const calls = [1, 2].map((n) => rpc.call(name, { n }, { timeout: 10_000 }));
    const aborted = reasonOf(rpc.call(name, {}, { signal }));
    const late = reasonOf(rpc.call(name, {}, { timeout: 10 }));
    controller.abort();
    expect(await aborted).toMatchObject({ code: 'ABORTED' });
    expect(await late).toMatchObject({ code: 'RPC_TIMEOUT' });
    expect(rpc.pending).toBe(2);
    proxy.accept();
    expect(await Promise.all(calls)).toStrictEqual([{ n: 1 }, { n: 2 }]);
    expect(rpc.lateReplies).toBe(0);
  });

  test('holds so many calls and bytes that wait for it, and refuses more with BUFFER_FULL', async () => {
    const { rpc, proxy, channel } = await openFragile(getUrl(), {
      maxPending: 3,
      maxUnsentBytes: 1000,
    });
    const callee = await openWorkbench(getUrl());
    const name = uniqueName('method');
    await callee.rpc.register(name, (args) => args, { autoDelete: true });
    await cutOff(proxy, channel);
    const calls = [1, 2].map((n) => rpc.call(name, { n }, { timeout: 10_000 }));
    const large = reasonOf(rpc.call(name, { text: 'x'.repeat(1000) }));
    expect(await large).toMatchObject({ code: 'BUFFER_FULL', retryable: true });
    calls.push(rpc.call(name, { n: 3 }, { timeout: 10_000 }));
    const fourth = reasonOf(rpc.call(name, { n: 4 }));
    expect(await fourth).toMatchObject({ code: 'BUFFER_FULL' });
    proxy.accept();
    expect(await Promise.all(calls)).toStrictEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect(await rpc.call(name, { text: 'x'.repeat(1000) })).toBeDefined();
  });

  test('finds its way back for expired calls again', async () => {
    const { rpc, proxy, events } = await openFragile(getUrl());
    const callee = await openWorkbench(getUrl());
    const name = uniqueName('method');
    await callee.rpc.register(name, () => 1, { durable: false });
    await callee.rpc.unregister(name);
    proxy.cut({ reset: true });
    await eventOf(events, 'recovered');
    const error = await reasonOf(rpc.call(name, {}, { expiration: 20, timeout: 20_000 }));
    expect(String(error)).toContain('expired in its queue');
    await (await callee.channel.getQueue(name)).delete();
  });

  test('offers its methods again, also those of an exchange', async () => {
    const exchange = uniqueName('exchange');
    const callee = await openFragile(getUrl(), { exchange });
    await callee.rpc.register('method', () => 'here', { autoDelete: true });
    callee.proxy.cut({ reset: true });
    await eventOf(callee.events, 'recovered');
    const { rpc } = await openWorkbench(getUrl(), { exchange });
    expect(await rpc.call('method')).toBe('here');
  });

  test('fails the calls that wait with CLOSED where it does not recover', async () => {
    const { connection, proxy, rpc } = await openFragile(getUrl());
    const callee = await openWorkbench(getUrl());
    const name = uniqueName('method');
    const hold = gate();
    const started = createInbox<unknown>('the call');
    const method = (args: unknown) => {
      started.push(args);
      return hold.opened;
    };
    await callee.rpc.register(name, method, { autoDelete: true });
    const inFlight = reasonOf(rpc.call(name, {}));
    await started.next();
    const lost = createInbox<string>('a status of the connection');
    connection.on('status', ({ state }) => lost.push(state));
    proxy.refuse();
    proxy.cut({ reset: true });
    expect(await lost.next()).toBe('reconnecting');
    expect(await inFlight).toMatchObject({ code: 'CONNECTION_LOST' });
    const waiting = reasonOf(rpc.call(name, {}));
    await deadline(connection.close(), 20_000, 'closing');
    expect(await waiting).toMatchObject({ code: 'CLOSED' });
    hold.open();
  });
});

describeWithBroker('a callee that is cut off while it works', (getUrl) => {
  test('leaves the call to another one, and its own reply comes too late', async () => {
    const first = await openFragile(getUrl());
    const second = await openWorkbench(getUrl());
    const { rpc, events } = await openWorkbench(getUrl());
    const name = uniqueName('method');
    const options = { durable: false, prefetch: 1 };
    const started = createInbox<CallContext>('the call at the first callee');
    const hold = gate();
    const hangs = async (_args: unknown, context: CallContext) => {
      started.push(context);
      await hold.opened;
      return 'the first';
    };
    await first.rpc.register(name, hangs, options);
    const call = rpc.call(name, {});
    const { signal } = await started.next();
    const taken = createInbox<boolean>('the call at the second callee');
    const takesOver = (_args: unknown, { redelivered }: CallContext) => {
      taken.push(redelivered);
      return 'the second';
    };
    await second.rpc.register(name, takesOver, options);
    first.proxy.refuse();
    first.proxy.cut({ reset: true });
    expect(await deadline(call, 10_000, 'the result')).toBe('the second');
    expect(await taken.next()).toBe(true);
    expect(signal.aborted).toBe(true);

    first.proxy.accept();
    await eventOf(first.events, 'recovered');
    hold.open();
    await eventOf(events, 'late-reply');
    expect(rpc.lateReplies).toBe(1);
    await first.rpc.close();
    await second.rpc.close();
    const { channel } = await openWorkbench(getUrl());
    expect(await (await channel.getQueue(name)).delete()).toBe(0);
  });
});

describeWithBroker('a queue that somebody deletes', (getUrl) => {
  /** An RPC with a method, and what deletes a queue of its connection. */
  async function openDeletable() {
    const bench = await openWorkbench(getUrl());
    const other = await bench.connection.channel();
    const name = uniqueName('method');
    const method = (_args: unknown, { message }: CallContext) => message.replyTo;
    await bench.rpc.register(name, method, { autoDelete: true });
    const remove = async (queue: string): Promise<void> => {
      await (await other.getQueue(queue)).delete();
      await eventOf(bench.events, 'consumer-cancelled');
    };
    return { ...bench, name, method, remove };
  }

  test('of replies fails the calls that wait, and those made after it get their replies', async () => {
    const { rpc, name, remove } = await openDeletable();
    const hold = gate();
    const started = createInbox<unknown>('the call');
    const slow = uniqueName('method');
    const method = (args: unknown) => {
      started.push(args);
      return hold.opened;
    };
    await rpc.register(slow, method, { autoDelete: true });
    const first = await rpc.call(name);
    const inFlight = reasonOf(rpc.call(slow, {}));
    await started.next();
    await remove(String(first));
    expect(await deadline(inFlight, 5_000, 'the outcome')).toMatchObject({
      code: 'CONNECTION_LOST',
      cause: { code: 'CANCELLED' },
    });
    hold.open();
    const second = await rpc.call(name, {}, { timeout: 5_000 });
    expect(second).toEqual(expect.any(String));
    expect(second).not.toBe(first);
    expect(rpc.pending).toBe(0);
    await remove(String(second));
    await eventually(() => rpc.call(name, {}, { timeout: 5_000 }));
    await rpc.close();
  });

  test('of replies takes the way back for expired calls along, and there is another', async () => {
    const { rpc, channel, name, method, remove } = await openDeletable();
    await remove(String(await rpc.call(name)));
    await eventually(() => rpc.call(name, {}, { timeout: 5_000 }));
    const idle = uniqueName('method');
    await rpc.unregister(name);
    await rpc.register(idle, method, { durable: false });
    await rpc.unregister(idle);
    const error = await reasonOf(rpc.call(idle, {}, { expiration: 20, timeout: 20_000 }));
    expect(String(error)).toContain('expired in its queue');
    await (await channel.getQueue(idle)).delete();
  });

  test('of replies and cannot be had again fails calls with CONNECTION_LOST until it can', async () => {
    const { rpc, channel, name, remove } = await openDeletable();
    const replyTo = String(await rpc.call(name));
    const refused = new LeveretError('ACCESS_REFUSED', 'not now');
    const declare = vi.spyOn(channel, 'declareQueue').mockRejectedValue(refused);
    await remove(replyTo);
    await vi.waitFor(() => expect(declare).toHaveBeenCalled(), 5_000);
    expect(await reasonOf(rpc.call(name, {}, { timeout: 5_000 }))).toMatchObject({
      code: 'CONNECTION_LOST',
      cause: refused,
    });
    declare.mockRestore();
    expect(await rpc.call(name, {}, { timeout: 5_000 })).toEqual(expect.any(String));
  });

  test('of a method ends it, and it can be registered again', async () => {
    const { rpc, name, method, remove } = await openDeletable();
    await remove(name);
    await eventually(() => rpc.register(name, method, { autoDelete: true }));
    expect(await rpc.call(name)).toEqual(expect.any(String));
  });
});

/** Tries again until it succeeds: what follows from a cancelled consumer comes a moment after the event. */
function eventually(run: () => Promise<unknown>): Promise<unknown> {
  return vi.waitFor(run, { timeout: 5_000, interval: 10 });
}
