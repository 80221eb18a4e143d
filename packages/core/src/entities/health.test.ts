import { startBroker } from '@leveret/broker';
import { createInbox, startTcpProxy } from '@leveret/testkit';
import { describeWithBroker } from '@leveret/testkit/vitest';
import { expect, test } from 'vitest';
import type { ConnectionStatus } from '../connection/supervisor.ts';
import type { LeveretEvent } from '../diagnostics/events.ts';
import { codeOf, fill, openPair, privateQueue, text } from './live.fixture.ts';

describeWithBroker('the health of a connection', (getUrl) => {
  test('is live and ready when connected, live while it reconnects, neither when closed', async () => {
    const { hostname: host, port } = new URL(getUrl());
    await using proxy = await startTcpProxy({ host, port: Number(port) });
    await using pair = await openPair(proxy.url(getUrl()), { backoff: { initial: 5, max: 50 } });
    const { connection } = pair;
    expect(connection.health()).toEqual({ live: true, ready: true, status: connection.status });
    const events = createInbox<LeveretEvent>('an event');
    connection.on('event', events.push);
    proxy.cut();
    while ((await events.next(10_000)).type !== 'reconnecting');
    expect(connection.health()).toMatchObject({
      live: true,
      ready: false,
      status: { state: 'reconnecting' },
    });
    while ((await events.next(10_000)).type !== 'reconnected');
    expect(connection.health()).toMatchObject({ live: true, ready: true });
    await connection.close();
    expect(connection.health()).toMatchObject({ live: false, ready: false });
  });

  test('is live and not ready while the broker blocks publishers', async () => {
    await using broker = await startBroker();
    await using pair = await openPair(broker.url);
    const { connection, channel } = pair;
    const queue = await privateQueue(channel);
    const statuses = createInbox<ConnectionStatus>('a status');
    connection.on('status', statuses.push);
    const block = broker.faults.block('low on disk');
    const publishing = fill(channel, queue, 'x');
    expect(await statuses.next(10_000)).toMatchObject({ state: 'blocked' });
    expect(connection.health()).toMatchObject({ live: true, ready: false });
    block[Symbol.dispose]();
    await publishing;
    expect(connection.health()).toMatchObject({ live: true, ready: true });
    expect(connection.counters).toMatchObject({ blocked: 1, unblocked: 1 });
  });

  test('comes with counters of all events, those included that nobody listens to', async () => {
    await using pair = await openPair(getUrl());
    const { connection, channel } = pair;
    expect(connection.counters).toMatchObject({ connected: 1, returned: 0 });
    const before = connection.counters;
    const nowhere = channel.defaultExchange.publish(text('x'), 'no such queue');
    expect(await codeOf(nowhere)).toBe('UNROUTABLE');
    connection.on('event', () => {});
    const again = channel.defaultExchange.publish(text('x'), 'no such queue');
    expect(await codeOf(again)).toBe('UNROUTABLE');
    expect(connection.counters).toMatchObject({ connected: 1, returned: 2 });
    expect(before.returned).toBe(0);
  });
});
