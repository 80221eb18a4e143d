import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import {
  FrameLog,
  type Greeting,
  greet,
  isMethod,
  type PublishOptions,
  type Received,
  Requests,
} from '../protocol/frames.fixture.ts';
import type { MethodFields, MethodName } from '../wire/methods.ts';

/** Where a peer connects to. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

/** A client made of a bare socket: it sends what it is told, answers nothing by itself, and keeps what comes. */
export class Peer implements Disposable {
  readonly socket: Socket;
  readonly log: FrameLog = new FrameLog();
  /** Code of the socket's error, such as `ECONNRESET`. */
  error: string | undefined;
  readonly closed: Promise<void>;
  #frameMax = 4096;
  #isClosed = false;
  #wake = (): void => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#isClosed = true;
        this.#wake();
        resolve();
      });
    });
    socket.on('data', (chunk: Buffer) => {
      this.log.push(chunk);
      this.#wake();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error = error.code;
    });
  }

  /** Connects and says nothing. */
  static connect({ host, port }: Target): Peer {
    return new Peer(connect({ host, port, noDelay: true }));
  }

  /** Connects by TLS to whoever has that certificate, and says nothing. */
  static connectTls({ host, port }: Target, ca: string): Peer {
    return new Peer(connectTls({ host, port, ca, servername: 'localhost' }));
  }

  /** Connects, opens a connection and channel 1. */
  static async open(target: Target, greeting: Greeting = {}): Promise<Peer> {
    return Peer.connect(target).greet(greeting);
  }

  /** Opens a connection and channel 1. */
  async greet(greeting: Greeting = {}): Promise<this> {
    this.#frameMax = greeting.frameMax ?? 131_072;
    this.write(greet(greeting));
    await this.next('connection.open-ok');
    await this.call(1, 'channel.open', 'channel.open-ok');
    return this;
  }

  write(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  send<N extends MethodName>(channel: number, name: N, fields?: Partial<MethodFields<N>>): void {
    this.write(new Requests().method(channel, name, fields).take());
  }

  publish(channel: number, options: PublishOptions): void {
    this.write(new Requests(this.#frameMax).publish(channel, options).take());
  }

  /** Sends a method and waits for its answer. */
  call<N extends MethodName, A extends MethodName>(
    channel: number,
    name: N,
    answer: A,
    fields?: Partial<MethodFields<N>>,
  ): Promise<Received<A>> {
    this.send(channel, name, fields);
    return this.next(answer);
  }

  /** Declares a queue. */
  async queue(
    queue: string,
    fields: Partial<MethodFields<'queue.declare'>> = {},
  ): Promise<Received<'queue.declare-ok'>> {
    return this.call(1, 'queue.declare', 'queue.declare-ok', { queue, durable: true, ...fields });
  }

  /** Consumes on channel 1, and resolves once that has begun. */
  async consume(
    queue: string,
    fields: Partial<MethodFields<'basic.consume'>> = {},
  ): Promise<Received<'basic.consume-ok'>> {
    return this.call(1, 'basic.consume', 'basic.consume-ok', { queue, ...fields });
  }

  /** The next method of that name; those before it are skipped. Rejects when the connection ends without one. */
  async next<N extends MethodName>(name: N): Promise<Received<N>> {
    for (;;) {
      const received = this.log.received.shift();
      if (received === undefined) {
        if (this.#isClosed) throw new Error(`the connection ended before ${name}`);
        await this.news();
      } else if (isMethod(received, name)) {
        return received;
      } else if (received.name.endsWith('.close')) {
        const why = 'replyText' in received.fields ? received.fields.replyText : '';
        throw new Error(`${received.name} before ${name}: ${why}`);
      }
    }
  }

  /** Resolves when something comes, or the connection ends. */
  news(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}
