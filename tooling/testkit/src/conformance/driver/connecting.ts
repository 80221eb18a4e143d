import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { freePort, listenAnywhere } from '../../ports.ts';
import { uniqueName } from '../../with-broker.ts';
import { openBench, rejectedWith, soon, targetOf } from './bench.ts';
import { watchLeftovers } from './leftovers.ts';
import type { Target } from './port.ts';
import type { DriverCase, Suite } from './suite.ts';

const TIMEOUT_MS = 1000;
/** What an attempt may take over its timeout on a busy machine, and still be told from one without a timeout. */
const GRACE_MS = 2000;

/** Connections that cannot be opened. */
export function connectingCases(suite: Suite): DriverCase[] {
  return [
    failing(suite, 'a refused port', 'CONNECTION_FAILED', async () => ({ port: await freePort() })),
    failing(suite, 'a name that does not resolve', 'CONNECTION_FAILED', async () => ({
      host: 'leveret.invalid',
    })),
    failing(suite, 'a wrong password', 'ACCESS_REFUSED', async () => ({ password: 'wrong' })),
    failing(suite, 'an unknown user', 'ACCESS_REFUSED', async () => ({ username: 'nobody' })),
    failing(suite, 'an unknown vhost', 'NOT_ALLOWED', async () => ({
      vhost: uniqueName('nowhere'),
    })),
    failing(suite, 'TLS to a port without it', 'CONNECTION_FAILED', async () => ({
      tls: { rejectUnauthorized: false },
    })),
    atServer(suite, 'a server that answers in another protocol', (socket) =>
      socket.write('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'),
    ),
    atServer(suite, 'a server that sends a frame of another kind', (socket) =>
      socket.write(Buffer.from([8, 0, 0, 0, 0, 0, 0, 0xce])),
    ),
    atServer(suite, 'a server that speaks another version', (socket) =>
      socket.write(Buffer.from('AMQP\x00\x01\x00\x00', 'latin1')),
    ),
    atServer(suite, 'a server that hangs up', (socket) => socket.end()),
    atServer(suite, 'a server that resets', (socket) => socket.resetAndDestroy()),
    atServer(suite, 'a server that says nothing', () => {}),
    atServer(suite, 'a server that stops in the middle of a frame', (socket) =>
      socket.write(Buffer.from([1, 0, 0, 0, 0, 0, 100, 0, 10])),
    ),
    {
      title: 'the frame size is what both sides can do',
      run: async () => {
        await using small = await suite.connect({ frameMax: 8192 });
        assert.equal(small.link.frameMax, 8192);
        await using usual = await suite.connect({ frameMax: 131_072 });
        assert.equal(usual.link.frameMax, 131_072);
      },
    },
  ];
}

function failing(
  suite: Suite,
  what: string,
  code: string,
  changes: () => Promise<Partial<Target>>,
): DriverCase {
  return {
    title: `${what} fails with ${code}, in time, and leaves nothing behind`,
    run: async () => {
      const target = targetOf(suite.getUrl(), { timeout: TIMEOUT_MS, ...(await changes()) });
      await fails(suite, target, code);
    },
  };
}

function atServer(suite: Suite, what: string, behave: (socket: Socket) => void): DriverCase {
  return {
    title: `${what} fails with CONNECTION_FAILED, in time, and leaves nothing behind`,
    run: async () => {
      const sockets = new Set<Socket>();
      const server = createServer((socket) => {
        sockets.add(socket);
        socket.on('error', () => socket.destroy());
        socket.once('data', () => behave(socket));
      });
      try {
        const port = await listenAnywhere(server);
        const target = targetOf(suite.getUrl(), { timeout: TIMEOUT_MS, host: '127.0.0.1', port });
        await fails(suite, target, 'CONNECTION_FAILED');
        for (const socket of sockets)
          if (!socket.closed) await soon(once(socket, 'close'), 'the end of the socket');
      } finally {
        await closeServer(server, sockets);
      }
    },
  };
}

async function fails(suite: Suite, target: Target, code: string): Promise<void> {
  using leftovers = watchLeftovers();
  const start = performance.now();
  const error = await rejectedWith(openBench(suite.driver, target), code);
  const took = performance.now() - start;
  assert.ok(took < TIMEOUT_MS + GRACE_MS, `it took ${Math.round(took)} ms`);
  assert.match(error.message, /\w{3}/, 'the error says nothing');
  assert.equal(leftovers.timers(), 0, 'timers are left');
}

async function closeServer(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, 'close');
}
