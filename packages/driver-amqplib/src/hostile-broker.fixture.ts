import { createServer, type Server, type Socket } from 'node:net';
import type { DriverConnectionEvents, DriverTarget } from '@leveret/core';
import { createInbox, deadline, type Inbox } from '@leveret/testkit';

/** Methods of the handshake: class and method id as one number. */
export const M = {
  start: 0x000a_000a,
  startOk: 0x000a_000b,
  secure: 0x000a_0014,
  tune: 0x000a_001e,
  open: 0x000a_0028,
  openOk: 0x000a_0029,
  close: 0x000a_0032,
  closeOk: 0x000a_0033,
  blocked: 0x000a_003c,
  deliver: 0x003c_003c,
} as const;

/** What the client begins with, in place of a method. */
export const HEADER = 0;

export const u8 = (value: number): Buffer => Buffer.of(value);
export const u16 = (value: number): Buffer => uint(2, value);
export const u32 = (value: number): Buffer => uint(4, value);
export const short = (text: string): Buffer =>
  Buffer.concat([u8(Buffer.byteLength(text)), Buffer.from(text)]);
export const long = (bytes: string | Buffer): Buffer =>
  Buffer.concat([u32(Buffer.byteLength(bytes)), Buffer.from(bytes)]);

/** A frame, whatever is in it. */
export function frame(type: number, channel: number, payload: Buffer, end = 0xce): Buffer {
  return Buffer.concat([u8(type), u16(channel), u32(payload.length), payload, u8(end)]);
}

/** A method with its fields as bytes. */
export function method(channel: number, id: number, ...fields: Buffer[]): Buffer {
  return frame(1, channel, Buffer.concat([u32(id), ...fields]));
}

export const start = (table: Buffer = Buffer.alloc(0), mechanisms = 'PLAIN'): Buffer =>
  method(0, M.start, u8(0), u8(9), long(table), long(mechanisms), long('en_US'));

export const tune = (channelMax = 2047, frameMax = 131_072, beat = 10): Buffer =>
  method(0, M.tune, u16(channelMax), u32(frameMax), u16(beat));

export const openOk: Buffer = method(0, M.openOk, short(''));

export const closing = (code: number): Buffer => method(0, M.close, u16(code), short('no'), u32(0));

/** How a broker answers a method: with bytes, or in silence. */
export type Answer = (socket: Socket) => Buffer | undefined;
export type Answers = Readonly<Record<number, Answer>>;

export const say =
  (...parts: Buffer[]): Answer =>
  () =>
    Buffer.concat(parts);
export const silence: Answer = () => undefined;

/** What a broker that means well answers. */
const kind: Answers = {
  [HEADER]: say(start()),
  [M.startOk]: say(tune()),
  [M.open]: say(openOk),
  [M.close]: (socket) => {
    socket.end(method(0, M.closeOk));
    return undefined;
  },
};

/** One client of a hostile broker. */
export class Peer {
  readonly socket: Socket;
  /** Every method that the client sends. */
  readonly asked: Inbox<number> = createInbox<number>('a method of the client');
  readonly closed: Promise<void>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(socket: Socket, answers: Answers) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.setNoDelay(true);
    socket.on('error', () => {}); // the client may be gone at any time
    socket.on('data', (bytes) => {
      for (const id of this.#methods(bytes)) {
        const answer = answers[id]?.(socket);
        if (answer) socket.write(answer);
        this.asked.push(id);
      }
    });
  }

  *#methods(bytes: Buffer): Generator<number> {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    while (this.#rest.length >= 8) {
      const isHeader = this.#rest[0] === 65;
      const size = isHeader ? 8 : this.#rest.readUInt32BE(3) + 8;
      if (this.#rest.length < size) return;
      const whole = this.#rest;
      this.#rest = whole.subarray(size);
      if (isHeader) yield HEADER;
      else if (whole[0] === 1) yield whole.readUInt32BE(7);
    }
  }
}

/** A broker that speaks AMQP as far as it likes. */
export class HostileBroker implements AsyncDisposable {
  readonly peers: Inbox<Peer> = createInbox<Peer>('a client');
  readonly #server: Server;
  readonly #open = new Set<Peer>();

  private constructor(answers: Answers) {
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      const peer = new Peer(socket, answers);
      this.#open.add(peer);
      peer.closed.then(() => this.#open.delete(peer));
      this.peers.push(peer);
    });
  }

  /** Starts one that is kind but for what `answers` says. */
  static async start(answers: Answers = {}): Promise<HostileBroker> {
    const broker = new HostileBroker({ ...kind, ...answers });
    await new Promise<void>((resolve) => broker.#server.listen(0, '127.0.0.1', resolve));
    return broker;
  }

  get url(): string {
    const address = this.#server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    return `amqp://guest:guest@127.0.0.1:${port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const { socket } of this.#open) socket.destroy();
    await deadline(closed, 5000, 'the end of the hostile broker');
  }
}

/** Events of a connection that nobody listens to. */
export const silent: DriverConnectionEvents = {
  lost: () => {},
  blocked: () => {},
  unblocked: () => {},
};

/** The broker at a URL, as its first user. */
export function targetOf(url: string): DriverTarget {
  const { hostname, port } = new URL(url);
  return {
    host: hostname,
    port: Number(port),
    vhost: '/',
    username: 'guest',
    password: 'guest',
    tls: undefined,
    heartbeat: 10,
    frameMax: 131_072,
    channelMax: 10,
    connectionName: undefined,
    timeout: 5000,
  };
}

function uint(size: number, value: number): Buffer {
  const out = Buffer.alloc(size);
  out.writeUIntBE(value, 0, size);
  return out;
}
