import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { startTcpProxy } from '../proxy/tcp-proxy.ts';
import { type PortMapper, type PortMapperOptions, startPortMapper } from './port-mapper.ts';

/** Type 77 (it takes connections), protocol 0, versions 6 to 5, a name, two bytes of its own. */
const details = (name: string, version = 6): readonly number[] => [
  ...[77, 0, 0, version, 0, 5, 0, name.length],
  ...Buffer.from(name),
  ...[0, 2, 0xca, 0xfe],
];
const request = (...body: readonly number[]): Buffer => Buffer.from([0, body.length, ...body]);
/** ALIVE2_REQ for port 0x1234. */
const register = (name: string, version?: number): Buffer =>
  request(120, 0x12, 0x34, ...details(name, version));
/** PORT_PLEASE2_REQ. */
const lookUp = (name: string): Buffer => request(122, ...Buffer.from(name));
/** NAMES_REQ. */
const LIST = request(110);
/** PORT2_RESP. */
const found = (name: string, high: number, low: number): Buffer =>
  Buffer.from([119, 0, high, low, ...details(name)]);
const NOT_FOUND = Buffer.from([119, 1]);

let mapper: PortMapper;

async function start(options?: PortMapperOptions): Promise<PortMapper> {
  const started = await startPortMapper(options);
  onTestFinished(() => started[Symbol.asyncDispose]());
  return started;
}

function open({ port }: { readonly port: number }): Socket {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** All that a mapper says to a request before it hangs up. */
function ask(asked: PortMapper, bytes: Buffer): Promise<Buffer> {
  const socket = open(asked);
  socket.write(bytes);
  return buffer(socket);
}

/** Registers a node; returns what the mapper says, and the connection that has to stay. */
async function join(
  joined: { readonly port: number },
  bytes: Buffer,
): Promise<{ socket: Socket; answer: unknown }> {
  const socket = open(joined);
  socket.write(bytes);
  const [answer] = await once(socket, 'data');
  return { socket, answer };
}

beforeEach(async () => {
  mapper = await start();
});

describe('a port mapper', () => {
  test('tells where a node is that has registered, and what it said of itself', async () => {
    await join(mapper, register('here'));
    expect(await ask(mapper, lookUp('here'))).toEqual(found('here', 0x12, 0x34));
    expect(await ask(mapper, lookUp('elsewhere'))).toEqual(NOT_FOUND);
  });

  test('gives every node another creation: 32 bits, to nodes before version 6 1 to 3', async () => {
    const wide = Buffer.from([118, 0, 0, 0, 0]);
    expect((await join(mapper, register('one'))).answer).toEqual(Buffer.from([...wide, 1]));
    expect((await join(mapper, register('two'))).answer).toEqual(Buffer.from([...wide, 2]));
    const old = await join(mapper, register('old', 5));
    expect(old.answer).toEqual(Buffer.from([121, 0, 0, 1]));
  });

  test('forgets a node when its connection ends', async () => {
    const { socket } = await join(mapper, register('here'));
    socket.destroy();
    await expect.poll(() => ask(mapper, lookUp('here'))).toEqual(NOT_FOUND);
    await join(mapper, register('here'));
    expect(await ask(mapper, lookUp('here'))).toEqual(found('here', 0x12, 0x34));
  });

  test('refuses a name that is taken, and keeps who has it', async () => {
    await join(mapper, register('here'));
    expect(await ask(mapper, register('here'))).toEqual(Buffer.from([118, 1, 0, 0, 0, 0]));
    expect(await ask(mapper, register('here', 5))).toEqual(Buffer.from([121, 1, 0, 0]));
    expect(await ask(mapper, lookUp('here'))).toEqual(found('here', 0x12, 0x34));
  });

  test('lists its own port and the nodes', async () => {
    await join(mapper, register('one'));
    await join(mapper, register('two'));
    const answer = await ask(mapper, LIST);
    expect(answer.readUInt32BE(0)).toBe(mapper.port);
    expect(answer.toString('utf8', 4)).toBe('name one at port 4660\nname two at port 4660\n');
  });

  test('understands a request that comes byte by byte', async () => {
    await using proxy = await startTcpProxy({ host: '127.0.0.1', port: mapper.port });
    proxy.trickle();
    await join(proxy, register('here'));
    expect(await ask(mapper, lookUp('here'))).toEqual(found('here', 0x12, 0x34));
  });

  test.for([
    ['that it does not know', request(99)],
    ['to register without details', request(120, 0x12, 0x34)],
    ['to register with half a name', request(120, 0x12, 0x34, ...details('here').slice(0, 10))],
  ] as const)('hangs up on a request %s', async ([, bytes]) => {
    expect(await ask(mapper, bytes)).toEqual(Buffer.alloc(0));
  });

  test('sends to another port, or hides a node, where it is told so', async () => {
    const ports: Readonly<Record<string, number | undefined>> = { far: 0x4321 };
    const routed = await start({ route: (name) => ports[name] });
    await join(routed, register('far'));
    await join(routed, register('hidden'));
    expect(await ask(routed, lookUp('far'))).toEqual(found('far', 0x43, 0x21));
    expect(await ask(routed, lookUp('hidden'))).toEqual(NOT_FOUND);
  });

  test('knows the nodes of another mapper with which it shares its directory', async () => {
    const directory = new Map();
    const [one, other] = [await start({ directory }), await start({ directory })];
    await join(one, register('here'));
    expect(await ask(other, lookUp('here'))).toEqual(found('here', 0x12, 0x34));
  });

  test('ends the connections of its nodes when it is disposed, twice if need be', async () => {
    const { socket } = await join(mapper, register('here'));
    const closed = once(socket, 'close');
    await mapper[Symbol.asyncDispose]();
    await mapper[Symbol.asyncDispose]();
    await closed;
  });
});
