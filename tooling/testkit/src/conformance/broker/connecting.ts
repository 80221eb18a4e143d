import assert from 'node:assert/strict';
import { enter, greet, logIn, tune } from '../../amqp/connection.ts';
import { PROTOCOL_HEADER } from '../../amqp/frames.ts';
import type { AmqpSocket } from '../../amqp/socket.ts';
import { encodeTable } from '../../amqp/values.ts';
import { profileOf } from './profile.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** What RabbitMQ answers from 4.0 on to what it takes for no AMQP 0-9-1: the header of AMQP 1.0 with SASL. */
const HEADER_1_0 = Buffer.from('AMQP\x03\x01\x00\x00', 'latin1');

const capabilities = [
  'publisher_confirms',
  'exchange_exchange_bindings',
  'basic.nack',
  'consumer_cancel_notify',
  'connection.blocked',
  'consumer_priorities',
  'authentication_failure_close',
  'per_consumer_qos',
  'direct_reply_to',
];

/** The handshake up to `connection.tune`: protocol headers, what the broker says of itself, logging in. */
export function connectingCases(suite: Suite): BrokerCase[] {
  return [
    ...headerCases(suite),
    ...startCases(suite),
    ...loginCases(suite),
    ...orderCases(suite),
    ...vhostCases(suite),
  ];
}

function headerCases({ onSocket }: Suite): BrokerCase[] {
  const refused = [
    ['another protocol', 'HTTP/1.1'],
    ['AMQP 1.0 without SASL', 'AMQP\x00\x01\x00\x00'],
    ['AMQP 0-8 with its successor', 'AMQP\x00\x00\x08\x00'],
    ['a method in place of the header', '\x01\x00\x00\x00\x00\x00\x04\x00\x0a\x00\x33\xce'],
  ] as const;
  return [
    ...refused.map(([what, bytes]) =>
      onSocket(`${what} is answered with a header, and the end`, async (socket, bench) => {
        socket.write(Buffer.from(bytes, 'latin1'));
        const header = bench.profile === '3.10' ? PROTOCOL_HEADER : HEADER_1_0;
        assert.deepEqual(await socket.expectHeader(), header);
      }),
    ),
    onSocket('a later revision of AMQP 0-9 is answered with 0-9-1, and the end', async (socket) => {
      socket.write(Buffer.from('AMQP\x00\x00\x09\x02', 'latin1'));
      assert.deepEqual(await socket.expectHeader(), PROTOCOL_HEADER);
    }),
    onSocket('the header of AMQP 0-9 is taken for that of 0-9-1', async (socket) => {
      socket.write(Buffer.from('AMQP\x01\x01\x00\x09', 'latin1'));
      await socket.channel(0).next('connection.start');
    }),
    onSocket('a header may arrive one byte at a time', async (socket) => {
      await socket.writeInPieces(PROTOCOL_HEADER, 1);
      await socket.channel(0).next('connection.start');
    }),
    onSocket('a client that hangs up before it said anything is let go', async (socket) => {
      socket.finish();
      await socket.expectEnd();
    }),
    onSocket('a client that hangs up within the header is let go', async (socket) => {
      socket.write(PROTOCOL_HEADER.subarray(0, 5));
      socket.finish();
      await socket.expectEnd();
    }),
  ];
}

function startCases({ onSocket }: Suite): BrokerCase[] {
  return [
    onSocket('connection.start offers version 0-9, PLAIN and AMQPLAIN', async (socket) => {
      const start = await greet(socket);
      assert.deepEqual([start.versionMajor, start.versionMinor], [0, 9]);
      const mechanisms = start.mechanisms.split(' ');
      assert.ok(mechanisms.includes('PLAIN') && mechanisms.includes('AMQPLAIN'), start.mechanisms);
      assert.ok(start.locales.split(' ').includes('en_US'), start.locales);
    }),
    onSocket('the server properties say what the broker is able to do', async (socket) => {
      const { serverProperties } = await greet(socket);
      const offered = Object(serverProperties['capabilities']);
      for (const name of capabilities) assert.equal(offered[name], true, name);
    }),
    onSocket('the server properties name product, platform and version', async (socket, bench) => {
      const { serverProperties } = await greet(socket);
      const { product, platform, version } = serverProperties;
      for (const text of [product, platform, version]) assert.match(String(text), /^\w/);
      assert.equal(profileOf(String(version)), bench.profile);
    }),
  ];
}

function loginCases({ onSocket, onConnection }: Suite): BrokerCase[] {
  const malformed = [
    ['PLAIN without zero bytes', 'PLAIN', 'zzz'],
    ['PLAIN with nothing', 'PLAIN', ''],
    ['PLAIN on behalf of another user', 'PLAIN', 'who\0guest\0guest'],
    ['AMQPLAIN that is no table', 'AMQPLAIN', 'zzz'],
    ['AMQPLAIN with nothing', 'AMQPLAIN', ''],
    ['AMQPLAIN without a password', 'AMQPLAIN', encodeTable({ LOGIN: 'g' }).toString('latin1', 4)],
  ] as const;
  return [
    ...['PLAIN', 'AMQPLAIN'].flatMap((mechanism) => [
      onConnection(`${mechanism} logs in`, async (_, bench) => {
        await (await bench.channel({ mechanism })).settle();
      }),
      onSocket(`a wrong password by ${mechanism} closes with 403`, async (socket, bench) => {
        await greet(socket);
        logIn(socket, bench.url, { mechanism, password: 'wrong' });
        await socket.expectClose(403, 'none');
      }),
      onSocket(
        `a wrong password by ${mechanism} ends without a word for a client that does not know of the close`,
        async (socket, bench) => {
          await greet(socket);
          logIn(socket, bench.url, { mechanism, password: 'wrong', capabilities: {} });
          await socket.expectEnd();
        },
      ),
    ]),
    onSocket('an unknown user closes with 403', async (socket, bench) => {
      await greet(socket);
      logIn(socket, bench.url, { user: bench.name('nobody') });
      await socket.expectClose(403, 'none');
    }),
    ...['NOPE', 'plain', ''].map((mechanism) =>
      onSocket(
        `the unknown mechanism '${mechanism}' ends without a word`,
        async (socket, bench) => {
          await greet(socket);
          logIn(socket, bench.url, { mechanism });
          await socket.expectEnd();
        },
      ),
    ),
    ...malformed.map(([what, mechanism, response]) =>
      onSocket(`${what} ends the connection`, async (socket, bench) => {
        await greet(socket);
        logIn(socket, bench.url, { mechanism, response });
        await socket.expectOver();
      }),
    ),
    onSocket(
      'a client may say nothing of itself, in a language of its own',
      async (socket, bench) => {
        const { username, password } = new URL(bench.url);
        await greet(socket);
        const response = `\0${username || 'guest'}\0${password || 'guest'}`;
        socket
          .channel(0)
          .send('connection.start-ok', { mechanism: 'PLAIN', response, locale: 'xx' });
        await tune(socket);
      },
    ),
  ];
}

function orderCases({ onSocket }: Suite): BrokerCase[] {
  /** What a client says in place of `connection.start-ok`. */
  const early: readonly (readonly [what: string, say: (socket: AmqpSocket) => void])[] = [
    [
      'connection.open',
      (socket) => socket.channel(0).send('connection.open', { virtualHost: '/' }),
    ],
    [
      'connection.tune-ok',
      (socket) =>
        socket
          .channel(0)
          .send('connection.tune-ok', { channelMax: 1, frameMax: 8192, heartbeat: 0 }),
    ],
    [
      'connection.secure-ok',
      (socket) => socket.channel(0).send('connection.secure-ok', { response: 'x' }),
    ],
    [
      'connection.close',
      (socket) => socket.channel(0).send('connection.close', { replyCode: 200 }),
    ],
    ['channel.open on channel 0', (socket) => socket.channel(0).send('channel.open')],
    ['channel.open on channel 1', (socket) => socket.channel(1).send('channel.open')],
  ];
  return [
    ...early.map(([what, say]) =>
      onSocket(`${what} in place of connection.start-ok ends without a word`, async (socket) => {
        await greet(socket);
        say(socket);
        await socket.expectEnd();
      }),
    ),
    onSocket('connection.open in place of connection.tune-ok ends without a word', async (s, b) => {
      await greet(s);
      logIn(s, b.url);
      await s.channel(0).next('connection.tune');
      enter(s, b.url);
      await s.expectEnd();
    }),
    onSocket('a second connection.start-ok ends without a word', async (socket, bench) => {
      await greet(socket);
      logIn(socket, bench.url);
      await socket.channel(0).next('connection.tune');
      logIn(socket, bench.url);
      await socket.expectEnd();
    }),
    onSocket('a channel in place of connection.open closes with 505', async (socket, bench) => {
      await greet(socket);
      logIn(socket, bench.url);
      await tune(socket);
      socket.channel(1).send('channel.open');
      await socket.expectClose(505, 'none');
    }),
    onSocket(
      'connection.close in place of connection.open closes with 504',
      async (socket, bench) => {
        await greet(socket);
        logIn(socket, bench.url);
        await tune(socket);
        socket.channel(0).send('connection.close', { replyCode: 200 });
        await socket.expectClose(504, 'connection.close');
      },
    ),
  ];
}

function vhostCases({ onSocket }: Suite): BrokerCase[] {
  return ['nowhere', ''].map((vhost) =>
    onSocket(`the unknown vhost '${vhost}' closes with 530`, async (socket, bench) => {
      await greet(socket);
      logIn(socket, bench.url);
      await tune(socket);
      enter(socket, bench.url, { vhost: vhost === '' ? '' : bench.name(vhost) });
      await socket.expectClose(530, 'connection.open');
    }),
  );
}
