import assert from 'node:assert/strict';
import type { AmqpChannel } from '../../amqp/channel.ts';
import { logIn } from '../../amqp/connection.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** What is said on channel 0 of an open connection, and the end of one. */
export function closingCases(suite: Suite): BrokerCase[] {
  return [...closeCases(suite), ...misplacedCases(suite)];
}

function closeCases({ onConnection }: Suite): BrokerCase[] {
  return [
    onConnection('a client that closes is answered, and hangs up', async (connection) => {
      await connection.channel();
      await connection.close();
    }),
    onConnection('a client may close with any code and for any method', async ({ socket }) => {
      const replyText = 'x'.repeat(255);
      await socket.channel(0).call('connection.close', { replyCode: 5, replyText, methodId: 9 });
    }),
    onConnection('nothing but another close is answered after a close', async (connection) => {
      const channel = await connection.channel(1);
      const control = connection.socket.channel(0);
      control.send('connection.close', { replyCode: 200 });
      channel.send('basic.qos');
      connection.socket.channel(2).send('channel.open');
      control.send('connection.close', { replyCode: 200 });
      await control.next('connection.close-ok');
      await control.next('connection.close-ok');
      assert.equal(channel.waiting + connection.socket.channel(2).waiting, 0);
    }),
    onConnection('a client that hangs up is let go without a word', async ({ socket }) => {
      socket.finish();
      await socket.expectEnd();
    }),
    onConnection('a client may renew its password', async (connection, bench) => {
      const newSecret = decodeURIComponent(new URL(bench.url).password) || 'guest';
      const control = connection.socket.channel(0);
      await control.call('connection.update-secret', { newSecret, reason: 'it is time' });
      await (await connection.channel()).settle();
    }),
    onConnection('nothing is answered before close-ok', async (connection) => {
      const channel = await connection.channel(1);
      const control = connection.socket.channel(0);
      channel.send('channel.flow', { active: false });
      await control.next('connection.close');
      channel.send('basic.qos');
      connection.socket.channel(2).send('channel.open');
      control.send('connection.open', { virtualHost: '/' });
      control.send('connection.close-ok');
      await connection.socket.expectEnd();
      assert.equal(channel.waiting + connection.socket.channel(2).waiting, 0);
    }),
    onConnection('closes that cross are both answered', async ({ socket }) => {
      const control = socket.channel(0);
      control.send('basic.qos');
      await control.next('connection.close');
      await control.call('connection.close', { replyCode: 200 });
      control.send('connection.close-ok');
      await socket.expectEnd();
    }),
  ];
}

function misplacedCases({ onConnection }: Suite): BrokerCase[] {
  const misplaced: readonly (readonly [method: string, say: (control: AmqpChannel) => void])[] = [
    [
      'connection.tune-ok',
      (control) =>
        control.send('connection.tune-ok', { channelMax: 1, frameMax: 8192, heartbeat: 0 }),
    ],
    ['connection.open', (control) => control.send('connection.open', { virtualHost: '/' })],
    ['connection.close-ok', (control) => control.send('connection.close-ok')],
    ['connection.start', (control) => control.sendRaw(10, 10, Buffer.alloc(14))],
    ['channel.open', (control) => control.send('channel.open')],
    ['basic.qos', (control) => control.send('basic.qos')],
    ['queue.declare', (control) => control.send('queue.declare', { queue: 'q', passive: true })],
  ];
  return [
    ...misplaced.map(([method, say]) =>
      onConnection(`${method} on channel 0 closes with 504`, async (connection) => {
        say(connection.socket.channel(0));
        await connection.expectClose(504, method);
      }),
    ),
    onConnection(
      'connection.start-ok closes an open connection with 504',
      async (connection, b) => {
        logIn(connection.socket, b.url);
        await connection.expectClose(504, 'connection.start-ok');
      },
    ),
    onConnection('connection.open on a channel closes with 503', async (connection) => {
      const channel = await connection.channel();
      channel.send('connection.open', { virtualHost: '/' });
      await connection.expectClose(503, 'connection.open');
    }),
    onConnection('connection.close on a channel closes with 503', async (connection) => {
      const channel = await connection.channel();
      channel.send('connection.close', { replyCode: 200 });
      await connection.expectClose(503, 'connection.close');
    }),
  ];
}
