// Which host is tried, with which credentials.
import { type Broker, startBroker } from '@leveret/broker';
import { createInbox } from '@leveret/testkit';
import { describe, expect, test } from 'vitest';
import type { LeveretEvent } from '../diagnostics/events.ts';
import { type Connection, connect } from './connection.ts';
import { fill, openPair, privateQueue, ready } from './live.fixture.ts';

const backoff = { initial: 1, max: 5 };

const portOf = ({ url }: Broker): number => Number(new URL(url).port);

/** Whether a connection is to that broker. */
function isAt({ status }: Connection, broker: Broker): boolean {
  return status.state === 'connected' && status.port === portOf(broker);
}

describe('the hosts of a connection', () => {
  test('may be IPv6 addresses, in options and in URLs', async () => {
    await using broker = await startBroker();
    const port = portOf(broker);
    await using byHost = await connect({ hosts: [`[::1]:${port}`] });
    await using byUrl = await connect(`amqp://guest:guest@[::1]:${port}/`);
    for (const connection of [byHost, byUrl])
      expect(connection.status).toMatchObject({ state: 'connected', host: '::1' });
  });

  test('are gone through after a loss, dead and refusing ones too, until one answers', async () => {
    await using first = await startBroker();
    await using second = await startBroker();
    const hosts = [first, second].map(({ url }) => new URL(url).host);
    await using pair = await openPair({ hosts: ['127.0.0.1:1', ...hosts], backoff });
    const events = createInbox<LeveretEvent>('an event');
    pair.connection.on('event', events.push);
    const [lost, other] = isAt(pair.connection, first) ? [first, second] : [second, first];
    lost.faults.refuseConnections();
    lost.faults.dropConnections();
    let event = await events.next();
    while (event.type !== 'reconnected') event = await events.next(10_000);
    expect(event).toMatchObject({ port: portOf(other), channels: 1 });
    const queue = await privateQueue(pair.channel);
    await fill(pair.channel, queue, 'x');
    expect(await ready(pair.channel, queue)).toBe(1);
  });

  test('are tried in an order that differs between clients', async () => {
    await using first = await startBroker();
    await using second = await startBroker();
    const urls = [first.url, second.url];
    for (let count = 0; count < 40; count++) await (await connect(urls, { backoff })).close();
    for (const broker of [first, second])
      expect(broker.inspect().traffic.connections).toBeGreaterThan(5);
  });
});

test('a password that was changed is found, since credentials are asked for at each attempt', async () => {
  const before = await startBroker({ users: [{ name: 'me', password: 'old' }] });
  const port = portOf(before);
  let password = 'old';
  const credentials = () => ({ username: 'me', password });
  await using pair = await openPair({ hosts: [`127.0.0.1:${port}`], credentials, backoff });
  const events = createInbox<LeveretEvent>('an event');
  pair.connection.on('event', events.push);
  await before.close();
  await using _after = await startBroker({ port, users: [{ name: 'me', password: 'new' }] });
  const codeOfFailure = (event: LeveretEvent): string | undefined =>
    event.type === 'connect-failed' ? event.error.code : undefined;
  let event = await events.next();
  while (codeOfFailure(event) !== 'ACCESS_REFUSED') event = await events.next();
  password = 'new';
  while (event.type !== 'reconnected') event = await events.next();
  await privateQueue(pair.channel);
});
