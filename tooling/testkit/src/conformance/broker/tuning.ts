import assert from 'node:assert/strict';
import { type ConnectionOptions, enter, greet, logIn, tune } from '../../amqp/connection.ts';
import { encodeFrame, frameType } from '../../amqp/frames.ts';
import type { BrokerCase, Suite } from './suite.ts';

const heartbeat = encodeFrame(frameType.heartbeat, 0, Buffer.of());

/** What client and broker agree upon: frame size, number of channels, heartbeats. */
export function tuningCases(suite: Suite): BrokerCase[] {
  return [...limitCases(suite), ...frameSizeCases(suite), ...heartbeatCases(suite)];
}

function limitCases({ onSocket, onConnection }: Suite): BrokerCase[] {
  const refused: readonly (readonly [what: string, options: ConnectionOptions])[] = [
    ['a frame size of 4095 bytes', { frameMax: 4095 }],
    ['a frame size without limit', { frameMax: 0 }],
    ['a frame size above the one proposed', { frameMax: 131_073 }],
    ['channels without limit', { channelMax: 0 }],
    ['more channels than proposed', { channelMax: 2048 }],
  ];
  return [
    onSocket('the broker proposes 2047 channels, 128 KiB, a minute', async (socket, bench) => {
      await greet(socket);
      logIn(socket, bench.url);
      const { channelMax, frameMax, heartbeat } = await socket.channel(0).next('connection.tune');
      assert.deepEqual(
        { channelMax, frameMax, heartbeat },
        {
          channelMax: 2047,
          frameMax: 131_072,
          heartbeat: 60,
        },
      );
    }),
    ...refused.map(([what, options]) =>
      onSocket(`${what} is refused without a word`, async (socket, bench) => {
        await greet(socket);
        logIn(socket, bench.url);
        await tune(socket, options);
        await socket.expectEnd();
      }),
    ),
    onSocket('the smallest frame size is 4096 bytes, and 8192 on 4.3', async (socket, bench) => {
      await greet(socket);
      logIn(socket, bench.url);
      await tune(socket, { frameMax: 4096 });
      if (bench.profile === '4.3') return await socket.expectEnd();
      enter(socket, bench.url);
      await socket.channel(0).next('connection.open-ok');
    }),
    onConnection('as many channels may be open as were agreed upon', async (_, bench) => {
      const connection = await bench.connect({ channelMax: 2 });
      await connection.channel();
      await connection.channel();
      connection.socket.channel(3).send('channel.open');
      await connection.expectClose(530, 'none');
    }),
    onConnection('a channel that was closed makes room for another', async (_, bench) => {
      const connection = await bench.connect({ channelMax: 1 });
      const first = await connection.channel();
      await first.call('channel.close', { replyCode: 200 });
      await (await connection.channel()).settle();
    }),
    onConnection('a channel may have any number, however few may be open', async (_, bench) => {
      const connection = await bench.connect({ channelMax: 2 });
      await connection.channel(65_535);
      await (await connection.channel(3000)).settle();
    }),
    onConnection('too many channels are refused whatever is said on them', async (_, bench) => {
      const connection = await bench.connect({ channelMax: 1 });
      await connection.channel();
      connection.socket.channel(2).send('basic.qos');
      await connection.expectClose(530, 'none');
    }),
  ];
}

function frameSizeCases({ onConnection, onSocket }: Suite): BrokerCase[] {
  return [
    onConnection('bodies come in frames of the size agreed upon', async (_, bench) => {
      const channel = await bench.channel({ frameMax: 8192 });
      channel.publish({ routingKey: 'nowhere', mandatory: true, body: Buffer.alloc(20_000) });
      const returned = await channel.next('basic.return');
      assert.deepEqual(returned.bodyFrames, [8184, 8184, 3632]);
    }),
    onConnection('a frame of the size agreed upon is taken', async (_, bench) => {
      const channel = await bench.channel({ frameMax: 8192 });
      channel.publish({ routingKey: 'nowhere', mandatory: true, body: Buffer.alloc(8184) });
      assert.equal((await channel.next('basic.return')).body.length, 8184);
    }),
    onConnection('a larger body frame closes with 501', async (_, bench) => {
      const connection = await bench.connect({ frameMax: 8192 });
      await connection.channel();
      connection.socket.write(encodeFrame(frameType.body, 1, Buffer.alloc(8193)));
      await connection.expectClose(501, 'none');
    }),
    onConnection('a larger header frame closes with 501', async (_, bench) => {
      const connection = await bench.connect({ frameMax: 8192 });
      const channel = await connection.channel();
      const headers = { long: 'x'.repeat(9000) };
      channel.publish({ routingKey: 'nowhere', properties: { headers } });
      await connection.expectClose(501, 'none');
    }),
    onConnection('a frame that is too large is refused by its length alone', async ({ socket }) => {
      const frame = encodeFrame(frameType.body, 1, Buffer.alloc(131_073));
      socket.write(frame.subarray(0, 7));
      await socket.expectClose(501, 'none');
    }),
    onSocket('a large frame before any size is agreed upon ends it', async (socket, bench) => {
      await greet(socket);
      logIn(socket, bench.url, { clientProperties: { long: 'x'.repeat(200_000) } });
      await socket.expectOver();
    }),
  ];
}

function heartbeatCases({ onConnection, onSocket }: Suite): BrokerCase[] {
  return [
    onConnection(
      'heartbeats are sent where they were agreed upon, and only there',
      async (c, b) => {
        const beating = await b.connect({ heartbeat: 1 });
        await beating.socket.heartbeats.take('the first heartbeat');
        await beating.socket.heartbeats.take('the second heartbeat');
        assert.equal(c.socket.heartbeats.size, 0);
      },
    ),
    onConnection('a client that goes silent is cut off without a word', async (_, bench) => {
      const { socket } = await bench.connect({ heartbeat: 1 });
      await socket.expectEnd();
    }),
    onConnection('heartbeats of the client keep the connection', async (_, bench) => {
      const connection = await bench.connect({ heartbeat: 1 });
      const { socket } = connection;
      // Eight of them take four seconds; a silent client would be cut off after three.
      for (let count = 0; count < 8; count++) {
        await socket.heartbeats.take('a heartbeat');
        socket.write(heartbeat);
      }
      await (await connection.channel()).settle();
    }),
    onConnection('heartbeats are taken where none were agreed upon', async (connection) => {
      connection.socket.write(heartbeat, heartbeat);
      await (await connection.channel()).settle();
    }),
    onSocket('heartbeats are taken within the handshake', async (socket, bench) => {
      await greet(socket);
      socket.write(heartbeat);
      logIn(socket, bench.url);
      await tune(socket);
    }),
    ...[1, 9].map((number) =>
      onConnection(`a heartbeat on channel ${number} closes with 505`, async (connection) => {
        await connection.channel(1);
        connection.socket.write(encodeFrame(frameType.heartbeat, number, Buffer.of()));
        await connection.expectClose(505, 'none');
      }),
    ),
    onConnection('a heartbeat with something in it closes with 501', async (connection) => {
      connection.socket.write(encodeFrame(frameType.heartbeat, 0, Buffer.of(1)));
      await connection.expectClose(501, 'none');
    }),
  ];
}
