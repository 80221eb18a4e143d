import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { deadline } from '../deadline.ts';
import { type Arrival, Assembly } from './assembly.ts';
import { AmqpChannel, describeArrival } from './channel.ts';
import { checkClosing } from './closing.ts';
import { type Frame, FrameReader, frameType, PROTOCOL_HEADER } from './frames.ts';
import { DEADLINE_MS, Mailbox } from './mailbox.ts';
import type { Methods } from './methods.ts';

/** How much of what arrived is told in errors. */
const LOG_LINES = 20;

/** The smallest frame size that every peer takes (AMQP 0-9-1, 4.2.3), in force until one is agreed upon. */
const FRAME_MIN_SIZE = 4096;

interface Slot {
  readonly channel: AmqpChannel;
  readonly mailbox: Mailbox<Arrival>;
  readonly assembly: Assembly;
}

/** A TCP connection to a broker, on which a test says what it likes; what arrives is sorted by channel. */
export class AmqpSocket implements AsyncDisposable {
  /** The largest frame to send, in bytes; 0 for no limit. Bodies are split by it. Set it when it is agreed upon. */
  frameMax: number = FRAME_MIN_SIZE;
  /** The heartbeats that arrived. */
  readonly heartbeats: Mailbox<Frame> = new Mailbox(() => this.#describe());
  readonly #socket: Socket;
  readonly #slots = new Map<number, Slot>();
  readonly #log: string[] = [];
  readonly #reading: Promise<void>;
  #over: string | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    // Who reads is told of it; a write behind the end is no news.
    socket.on('error', () => {});
    this.#reading = this.#read().then(
      () => this.#end('the broker closed the socket'),
      (error: unknown) => this.#end(`the socket failed: ${inspect(error)}`),
    );
  }

  /** Connects to the host and port of an AMQP URL, and says nothing yet. */
  static async open(url: string): Promise<AmqpSocket> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port || 5672) });
    await deadline(once(socket, 'connect'), DEADLINE_MS, `a connection to ${hostname}:${port}`);
    return new AmqpSocket(socket);
  }

  /** The channel of that number, opened or not; 0 is that of the connection itself. */
  channel(number: number): AmqpChannel {
    return this.#slot(number).channel;
  }

  /** Sends bytes. */
  write(...pieces: readonly Uint8Array[]): void {
    this.#socket.write(Buffer.concat(pieces));
  }

  /** Sends bytes in writes of `size` bytes each; the system may still merge some. */
  async writeInPieces(bytes: Uint8Array, size: number): Promise<void> {
    for (let from = 0; from < bytes.length; from += size)
      await new Promise<void>((resolve, reject) =>
        this.#socket.write(bytes.subarray(from, from + size), (error) =>
          error ? reject(error) : resolve(),
        ),
      );
  }

  /** Sends the protocol header of AMQP 0-9-1. */
  writeHeader(): void {
    this.write(PROTOCOL_HEADER);
  }

  /** Sends the end of the stream, as a client does that dies; what the broker still says is read. */
  finish(): void {
    this.#socket.end();
  }

  /** Resolves when the broker has closed the socket, or has cut it. */
  async ended(): Promise<void> {
    await deadline(this.#reading, DEADLINE_MS, 'the end of the socket').catch((error: unknown) => {
      assert.fail(`${String(error)}; ${this.#describe()}`);
    });
  }

  /** The next frame must be a protocol header; the broker closes the socket behind it. Returns its eight bytes. */
  async expectHeader(): Promise<Buffer> {
    const { payload } = await this.channel(0).nextFrame('a protocol header');
    await this.ended();
    return payload;
  }

  /**
   * The broker must close the connection, with that code, for that method if one is named (`none` for method 0). It is
   * answered, and the broker closes the socket.
   */
  async expectClose(replyCode: number, method?: string): Promise<Methods['connection.close']> {
    const control = this.channel(0);
    const closing = await control.next('connection.close');
    checkClosing(closing, replyCode, method);
    control.send('connection.close-ok');
    await this.ended();
    return closing;
  }

  /** The broker must close the socket without another word. */
  async expectEnd(): Promise<void> {
    await this.ended();
    if (this.channel(0).waiting === 0) return;
    assert.fail(`something was said before the end; ${this.#describe()}`);
  }

  /** The broker must close the socket, and may say why first, with whatever code. */
  async expectOver(): Promise<void> {
    const control = this.channel(0);
    const last = await control.nextOfAny().catch(() => undefined);
    if (last !== undefined) assert.equal(last.method, 'connection.close', this.#describe());
    control.send('connection.close-ok');
    await this.ended();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    await this.#reading;
  }

  async #read(): Promise<void> {
    const reader = new FrameReader();
    for await (const chunk of this.#socket)
      for (const frame of reader.push(chunk)) await this.#arrive(frame);
  }

  async #arrive(frame: Frame): Promise<void> {
    if (frame.type === frameType.heartbeat) return this.heartbeats.push(frame);
    const { mailbox, assembly } = this.#slot(frame.channel);
    const arrival = await assembly.add(frame);
    if (arrival === undefined) return;
    this.#note(frame.channel, arrival);
    mailbox.push(arrival);
    if (arrival.method === 'connection.close') this.#endChannels(describeArrival(arrival));
  }

  #slot(number: number): Slot {
    const known = this.#slots.get(number);
    if (known) return known;
    const mailbox = new Mailbox<Arrival>(() => this.#describe());
    const channel = new AmqpChannel(this, number, mailbox);
    const slot = { channel, mailbox, assembly: new Assembly() };
    this.#slots.set(number, slot);
    if (this.#over !== undefined) mailbox.end(this.#over);
    return slot;
  }

  #end(reason: string): void {
    this.#over = reason;
    this.heartbeats.end(reason);
    for (const { mailbox } of this.#slots.values()) mailbox.end(reason);
  }

  #endChannels(reason: string): void {
    for (const [number, { mailbox }] of this.#slots) if (number > 0) mailbox.end(reason);
  }

  #note(channel: number, arrival: Arrival): void {
    this.#log.push(`${channel}: ${describeArrival(arrival)}`);
    if (this.#log.length > LOG_LINES) this.#log.shift();
  }

  #describe(): string {
    const arrived = this.#log.length === 0 ? 'nothing' : this.#log.join('\n  ');
    return `what had arrived, by channel:\n  ${arrived}`;
  }
}
