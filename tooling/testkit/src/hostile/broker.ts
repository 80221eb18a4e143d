import { createServer, type Server, type Socket } from 'node:net';
import { deadline } from '../deadline.ts';
import { createInbox, type Inbox } from '../inbox.ts';
import { listenAnywhere } from '../ports.ts';
import { HEADER, long, M, method, openOk, short, start, tune, u32 } from './bytes.ts';

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

/** Answers with that. */
export const say =
  (...parts: Buffer[]): Answer =>
  () =>
    Buffer.concat(parts);

/** Never answers. */
export const silence: Answer = () => undefined;

/** Answers with that, and then ends its side, or resets. */
export const sayAndLeave =
  (reset: boolean, ...parts: Buffer[]): Answer =>
  (_, { socket }) => {
    if (reset) socket.write(Buffer.concat(parts), () => socket.resetAndDestroy());
    else socket.end(Buffer.concat(parts));
    return undefined;
  };

/** Answers with that, every byte by itself. */
export const trickle =
  (whole: Buffer): Answer =>
  (_, { socket }) => {
    let at = 0;
    const next = (): void => {
      if (at < whole.length) socket.write(whole.subarray(at, ++at), () => setImmediate(next));
    };
    next();
    return undefined;
  };

/** What a broker that means well answers. */
export const kind: Answers = {
  [HEADER]: say(start()),
  [M.startOk]: say(tune()),
  [M.open]: say(openOk),
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
  readonly url: string;
  readonly peers: Inbox<Peer>;
  readonly #server: Server;
  readonly #open: ReadonlySet<Peer>;

  private constructor(port: number, peers: Inbox<Peer>, server: Server, open: ReadonlySet<Peer>) {
    this.url = `amqp://guest:guest@127.0.0.1:${port}/`;
    this.peers = peers;
    this.#server = server;
    this.#open = open;
  }

  /** Starts one that is kind but for what `answers` says. */
  static async start(answers: Answers = {}): Promise<HostileBroker> {
    const peers = createInbox<Peer>('a client');
    const open = new Set<Peer>();
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      const peer = new Peer(socket, { ...kind, ...answers });
      open.add(peer);
      peer.closed.then(() => open.delete(peer));
      peers.push(peer);
    });
    return new HostileBroker(await listenAnywhere(server), peers, server, open);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const { socket } of this.#open) socket.destroy();
    await deadline(closed, 5000, 'the end of the hostile broker');
  }
}
