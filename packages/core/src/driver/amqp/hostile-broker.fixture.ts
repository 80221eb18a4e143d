import { createServer, type Server, type Socket } from 'node:net';
import { createInbox, deadline, type Inbox } from '@leveret/testkit';

/** Methods that a broker sends or gets: class and method id as one number. */
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
  unblocked: 0x000a_003d,
  channelOpen: 0x0014_000a,
  channelOpenOk: 0x0014_000b,
  channelFlow: 0x0014_0014,
  channelClose: 0x0014_0028,
  channelCloseOk: 0x0014_0029,
  queueDeclare: 0x0032_000a,
  queueDeclareOk: 0x0032_000b,
  qos: 0x003c_000a,
  qosOk: 0x003c_000b,
  consume: 0x003c_0014,
  consumeOk: 0x003c_0015,
  cancel: 0x003c_001e,
  cancelOk: 0x003c_001f,
  publish: 0x003c_0028,
  return: 0x003c_0032,
  deliver: 0x003c_003c,
  get: 0x003c_0046,
  getOk: 0x003c_0047,
  getEmpty: 0x003c_0048,
  ack: 0x003c_0050,
  nack: 0x003c_0078,
  confirmSelect: 0x0055_000a,
  confirmSelectOk: 0x0055_000b,
} as const;

/** What the client begins with, in place of a method. */
export const HEADER = 0;

export const u8 = (value: number): Buffer => Buffer.of(value);
export const u16 = (value: number): Buffer => uint(2, value);
export const u32 = (value: number): Buffer => uint(4, value);
export const u64 = (value: bigint): Buffer => {
  const out = Buffer.alloc(8);
  out.writeBigUInt64BE(value);
  return out;
};
export const short = (text: string | Buffer): Buffer =>
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

/** A content header; `properties` begins with the flags. */
export function header(channel: number, size: bigint | number, properties = u16(0)): Buffer {
  return frame(2, channel, Buffer.concat([u16(60), u16(0), u64(BigInt(size)), properties]));
}

/** A content header with a table of headers, as bytes. */
export function headersOf(channel: number, size: number, table: Buffer): Buffer {
  return header(channel, size, Buffer.concat([u16(0x2000), long(table)]));
}

export const body = (channel: number, bytes: Buffer | string): Buffer =>
  frame(3, channel, Buffer.from(bytes));

export const heartbeat: Buffer = frame(8, 0, Buffer.alloc(0));

export const start = (table: Buffer = Buffer.alloc(0)): Buffer =>
  method(0, M.start, u8(0), u8(9), long(table), long('PLAIN'), long('en_US'));

export const tune = (channelMax = 2047, frameMax = 131_072, beat = 10): Buffer =>
  method(0, M.tune, u16(channelMax), u32(frameMax), u16(beat));

/** `connection.close` or `channel.close`. */
export const closing = (channel: number, code: number, blamed = 0): Buffer =>
  method(channel, channel === 0 ? M.close : M.channelClose, u16(code), short('no'), u32(blamed));

export const deliver = (channel: number, tag: string, deliveryTag = 1n): Buffer =>
  method(channel, M.deliver, short(tag), u64(deliveryTag), u8(0), short(''), short('key'));

/** A whole delivery with a small body. */
export const delivery = (channel: number, tag: string, deliveryTag = 1n, text = 'hello'): Buffer =>
  Buffer.concat([
    deliver(channel, tag, deliveryTag),
    header(channel, text.length),
    body(channel, text),
  ]);

export const settled = (channel: number, id: number, tag: bigint, multiple = 0): Buffer =>
  method(channel, id, u64(tag), u8(multiple));

/** What a client sent. */
export interface Asked {
  readonly id: number;
  readonly channel: number;
  readonly fields: Buffer;
}

/** How a broker answers a method: with bytes, or in silence. */
export type Answer = (asked: Asked, peer: Peer) => Buffer | undefined;
export type Answers = Readonly<Record<number, Answer>>;

const shortAt = (fields: Buffer, at: number): string =>
  fields.toString('utf8', at + 1, at + 1 + (fields[at] ?? 0));

/** What a broker that means well answers. */
export const kind: Answers = {
  [HEADER]: () => start(),
  [M.startOk]: () => tune(),
  [M.open]: () => method(0, M.openOk, short('')),
  [M.close]: (_, peer) => {
    peer.socket.end(method(0, M.closeOk));
    return undefined;
  },
  [M.channelOpen]: ({ channel }) => method(channel, M.channelOpenOk, long('')),
  [M.channelClose]: ({ channel }) => method(channel, M.channelCloseOk),
  [M.queueDeclare]: ({ channel, fields }) =>
    method(channel, M.queueDeclareOk, short(shortAt(fields, 2) || 'amq.gen-1'), u32(0), u32(0)),
  [M.qos]: ({ channel }) => method(channel, M.qosOk),
  [M.consume]: ({ channel, fields }) =>
    method(channel, M.consumeOk, short(shortAt(fields, 3 + (fields[2] ?? 0)))),
  [M.cancel]: ({ channel, fields }) => method(channel, M.cancelOk, short(shortAt(fields, 0))),
  [M.get]: ({ channel }) => method(channel, M.getEmpty, short('')),
  [M.confirmSelect]: ({ channel }) => method(channel, M.confirmSelectOk),
};

export const silent: Answer = () => undefined;

/** One client of a hostile broker. */
export class Peer {
  readonly socket: Socket;
  /** Every method that the client sends. */
  readonly asked: Inbox<Asked> = createInbox<Asked>('a method of the client');
  readonly closed: Promise<void>;
  #rest: Buffer = Buffer.alloc(0);
  readonly #answers: Answers;

  constructor(socket: Socket, answers: Answers) {
    this.socket = socket;
    this.#answers = answers;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.setNoDelay(true);
    socket.on('error', () => {}); // the client may be gone at any time
    socket.on('data', (bytes) => this.#take(bytes));
  }

  send(...parts: Buffer[]): void {
    this.socket.write(Buffer.concat(parts));
  }

  /** The next time that the client asks for that; what it sends before is passed over. */
  async wait(id: number): Promise<Asked> {
    for (;;) {
      const asked = await this.asked.next(5000);
      if (asked.id === id) return asked;
    }
  }

  #take(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    while (this.#rest.length >= 8) {
      const isHeader = this.#rest[0] === 65;
      const size = isHeader ? 8 : this.#rest.readUInt32BE(3) + 8;
      if (this.#rest.length < size) return;
      const [type, channel] = [this.#rest.readUInt8(0), this.#rest.readUInt16BE(1)];
      const payload = this.#rest.subarray(7, size - 1);
      this.#rest = this.#rest.subarray(size);
      if (isHeader) this.#got({ id: HEADER, channel: 0, fields: payload });
      else if (type === 1)
        this.#got({ id: payload.readUInt32BE(0), channel, fields: payload.subarray(4) });
    }
  }

  #got(asked: Asked): void {
    const answer = this.#answers[asked.id]?.(asked, this);
    if (answer) this.send(answer);
    this.asked.push(asked);
  }
}

/** A broker that speaks AMQP as far as it likes. */
export class HostileBroker implements AsyncDisposable {
  readonly peers: Inbox<Peer> = createInbox<Peer>('a client');
  /** How it meets whoever comes next. */
  answers: Answers;
  readonly #server: Server;
  readonly #open = new Set<Peer>();

  private constructor(answers: Answers) {
    this.answers = answers;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      const peer = new Peer(socket, this.answers);
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

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  get url(): string {
    return `amqp://guest:guest@127.0.0.1:${this.port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const { socket } of this.#open) socket.destroy();
    await deadline(closed, 5000, 'the end of the hostile broker');
  }
}

function uint(size: number, value: number): Buffer {
  const out = Buffer.alloc(size);
  out.writeUIntBE(value, 0, size);
  return out;
}
