import assert from 'node:assert/strict';
import { startTcpProxy, type TcpProxy } from '../../proxy/tcp-proxy.ts';
import { type Bench, collect, outgoing, rejectedWith, soon, tempQueue } from './bench.ts';
import { watchLeftovers } from './leftovers.ts';
import type { DriverCase, Suite } from './suite.ts';
import { targetOf } from './target.ts';

/** How a connection ends: by close, by destroy, or by the network. */
export function endingCases(suite: Suite): DriverCase[] {
  return [
    {
      title: 'close tells nothing and leaves no socket and no timer',
      run: async () => {
        await leavesNothing(suite, async (bench) => {
          const channel = await bench.publisher();
          await soon(channel.close(), 'channel.close');
          await soon(bench.link.close(), 'close');
        });
      },
    },
    {
      title: 'destroy tells nothing and leaves no socket and no timer',
      run: async () => {
        await leavesNothing(suite, async (bench) => {
          const channel = await bench.publisher();
          await collect(channel, await tempQueue(channel));
          bench.link.destroy();
          bench.link.destroy();
        });
      },
    },
    ...[false, true].map((reset) => ({
      title: `a link cut by ${reset ? 'a reset' : 'an end'} ends every channel once, then is told as lost once`,
      run: () => cutLink(suite, reset),
    })),
    {
      title: 'a link on which nothing passes any more is lost after a few heartbeats',
      run: async () => {
        await using proxy = await proxyTo(suite);
        await using bench = await suite.connect({
          port: proxy.port,
          host: '127.0.0.1',
          heartbeat: 1,
        });
        await bench.channel();
        proxy.freeze();
        assert.equal((await bench.next('ended')).end.kind, 'connection');
        await bench.next('lost');
      },
    },
  ];
}

async function leavesNothing(suite: Suite, use: (bench: Bench) => Promise<void>): Promise<void> {
  using leftovers = watchLeftovers();
  const proxy = await proxyTo(suite);
  try {
    const accepted = proxy.nextConnection();
    const bench = await suite.connect({ host: '127.0.0.1', port: proxy.port });
    const socket = await accepted;
    await use(bench);
    await soon(socket.closed, 'the end of the socket');
    assert.equal(bench.told.size, 0, 'something was told');
  } finally {
    await proxy.close();
  }
  assert.equal(leftovers.timers(), 0, 'timers are left');
}

async function cutLink(suite: Suite, reset: boolean): Promise<void> {
  using leftovers = watchLeftovers();
  const proxy = await proxyTo(suite);
  try {
    const accepted = proxy.nextConnection();
    const bench = await suite.connect({ host: '127.0.0.1', port: proxy.port });
    const { closed } = await accepted;
    const channel = await bench.publisher();
    await bench.channel();
    const queue = await tempQueue(channel);
    proxy.freeze();
    const pending = [
      rejectedWith(channel.checkQueue(queue), 'CONNECTION_LOST'),
      rejectedWith(channel.purgeQueue(queue), 'CONNECTION_LOST'),
    ];
    channel.publish(outgoing(queue));
    proxy.cut({ reset });
    proxy.heal();
    const ended = [await bench.next('ended'), await bench.next('ended')];
    assert.deepEqual(ended.map((told) => told.channel).sort(), [1, 2]);
    assert.deepEqual(
      ended.map(({ end }) => end.kind),
      ['connection', 'connection'],
    );
    assert.ok((await bench.next('lost')).cause instanceof Error);
    await Promise.all(pending);
    await rejectedWith(channel.checkQueue(queue), 'CONNECTION_LOST');
    await rejectedWith(bench.channel(), 'CONNECTION_LOST');
    channel.ack(1, false);
    channel.publish(outgoing(queue));
    bench.link.destroy();
    await soon(closed, 'the end of the socket');
    assert.equal(bench.told.size, 0, 'something was told twice');
    assert.equal(proxy.connections, 0, 'the driver connected again');
  } finally {
    await proxy.close();
  }
  assert.equal(leftovers.timers(), 0, 'timers are left');
}

async function proxyTo(suite: Suite): Promise<TcpProxy> {
  const { host, port } = targetOf(suite.getUrl());
  return await startTcpProxy({ host, port });
}
