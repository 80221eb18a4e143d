import { AmqpError } from '../base/amqp-error.ts';
import type { Timer } from '../base/clock.ts';
import { FrameReader } from '../wire/frame-reader.ts';
import { checkFrameType, frameType } from '../wire/frame-types.ts';
import { decodeMethod } from '../wire/method-codec.ts';
import { type Method, type MethodFields, type MethodName, methods } from '../wire/methods.ts';
import {
  isAmqp09,
  protocolHeader,
  protocolHeader10,
  readProtocolHeader,
} from '../wire/protocol-header.ts';
import type { BrokerContext } from './broker-context.ts';
import {
  authenticate,
  type Client,
  clientCan,
  negotiate,
  openVhost,
  startFields,
  type Tuning,
  tuneFields,
} from './handshake.ts';
import { type HeartbeatLink, Heartbeats } from './heartbeats.ts';
import { OpenConnection } from './open-connection.ts';
import type { Transport } from './transport.ts';

/** How long a client may take to hang up after `connection.close-ok`, in milliseconds. */
const HANG_UP_TIMEOUT_MS = 1000;

/** How long a client may take to answer `connection.close`, in milliseconds. */
const CLOSE_TIMEOUT_MS = 10_000;

type ConnectionState =
  /** Waiting for the eight bytes that every client begins with. */
  | { readonly kind: 'header'; readonly received: Buffer }
  /** `start` was sent. */
  | { readonly kind: 'starting' }
  /** `tune` was sent. */
  | { readonly kind: 'tuning'; readonly client: Client }
  /** `tune-ok` came. */
  | { readonly kind: 'opening'; readonly client: Client; readonly tuning: Tuning }
  | { readonly kind: 'open'; readonly open: OpenConnection }
  /** `close` was sent; everything but its answer is ignored. */
  | { readonly kind: 'closing' }
  /** `close-ok` was sent; the client is about to hang up. */
  | { readonly kind: 'hanging up' }
  | { readonly kind: 'closed' };

const nothing = Buffer.alloc(0);

/** One client's connection, from the first byte to the last: bytes in, frames out, no sockets. */
export class Connection implements HeartbeatLink {
  readonly #context: BrokerContext;
  readonly #transport: Transport;
  readonly #reader: FrameReader;
  readonly #takeFrame = (type: number, channel: number, payload: Buffer): void =>
    this.#receiveFrame(type, channel, payload);
  #state: ConnectionState = { kind: 'header', received: nothing };
  /** Of the handshake, later of the answer to `close`. */
  #deadline: Timer | undefined;
  #heartbeats: Heartbeats | undefined;

  constructor(context: BrokerContext, transport: Transport) {
    this.#context = context;
    this.#transport = transport;
    // Before another size is agreed on, the smallest one holds.
    this.#reader = new FrameReader(context.model.rules.minFrameMax);
    this.#setDeadline(context.limits.handshakeTimeoutMs);
  }

  /** What is open, once the handshake is done. */
  get open(): OpenConnection | undefined {
    return this.#state.kind === 'open' ? this.#state.open : undefined;
  }

  get bytesWritten(): number {
    return this.#transport.bytesWritten;
  }

  get bytesRead(): number {
    return this.#transport.bytesRead;
  }

  get reading(): boolean {
    return this.#transport.reading;
  }

  sendHeartbeat(): void {
    this.#transport.out.heartbeat();
    this.#transport.wrote();
  }

  peerLost(): void {
    this.#transport.destroy();
  }

  /** Takes bytes from the client, cut anywhere. Never throws: whatever is wrong ends the connection. */
  receive(bytes: Buffer): void {
    if (this.#state.kind === 'closed') return;
    try {
      const frames =
        this.#state.kind === 'header'
          ? this.#receiveHeader(Buffer.concat([this.#state.received, bytes]))
          : bytes;
      if (frames.length > 0) this.#reader.push(frames, this.#takeFrame);
      this.open?.channels.flush();
    } catch (error) {
      // What follows cannot be cut into frames any more: nobody will see an answer.
      this.#fail(refusalOf(error));
      this.#hangUp();
    }
  }

  /** The client reads again what it is sent. */
  writable(): void {
    if (this.#state.kind === 'open') this.#state.open.channels.resume();
  }

  /** Delivers nothing more: the connection is about to end, together with others. */
  stopDeliveries(): void {
    this.open?.channels.stop();
  }

  /** The socket is gone. */
  lost(): void {
    this.#finish();
  }

  /** Publishers are held back for a reason, or are not any more. */
  alarm(reason: string | undefined): void {
    if (this.#state.kind === 'open') this.#state.open.throttle.alarm(reason);
  }

  /**
   * Closes the connection from the broker's side.
   *
   * @param error what the client is told, such as 320 for a broker that shuts down
   */
  close(error: AmqpError): void {
    this.#fail(error);
  }

  /** Returns what came after the protocol header. */
  #receiveHeader(received: Buffer): Buffer {
    const greeting = readProtocolHeader(received);
    switch (greeting.kind) {
      case 'incomplete':
        this.#state = { kind: 'header', received };
        return nothing;
      case 'refused':
        this.#transport.out.raw(this.#answerTo(received));
        this.#hangUp();
        return nothing;
      case 'accepted':
        this.#state = { kind: 'starting' };
        this.#send('connection.start', startFields(this.#context));
        return greeting.rest;
    }
  }

  /** Clients of AMQP 0-9 are offered 0-9-1; the others what the profile speaks besides. */
  #answerTo(received: Buffer): Buffer {
    const speaks10 = this.#context.model.rules.otherProtocols === 'amqp-1.0';
    return speaks10 && !isAmqp09(received) ? protocolHeader10 : protocolHeader;
  }

  #receiveFrame(type: number, channel: number, payload: Buffer): void {
    try {
      this.#dispatch(type, channel, payload);
    } catch (error) {
      this.#fail(refusalOf(error));
    }
  }

  #dispatch(type: number, channel: number, payload: Buffer): void {
    const state = this.#state;
    switch (state.kind) {
      case 'closed':
        return;
      case 'closing':
      case 'hanging up':
        this.#receiveLate(type, channel, payload);
        return;
      case 'open':
        if (state.open.holds(type, channel, payload)) return;
        if (channel !== 0 && type !== frameType.heartbeat) {
          state.open.channels.receive(type, channel, payload);
          return;
        }
    }
    this.#receiveControl(type, channel, payload);
  }

  /** Channel 0: the connection itself. */
  #receiveControl(type: number, channel: number, payload: Buffer): void {
    checkControl(type, channel, payload);
    if (type === frameType.heartbeat) return;
    const method = decodeMethod(payload);
    try {
      this.#receiveMethod(method);
    } catch (error) {
      throw error instanceof AmqpError ? error.of(methods[method.name].id) : error;
    }
  }

  #receiveMethod(method: Method): void {
    const state = this.#state;
    switch (state.kind) {
      case 'starting':
        if (method.name === 'connection.start-ok') return this.#start(method.fields);
        break;
      case 'tuning':
        if (method.name === 'connection.tune-ok') return this.#tune(state.client, method.fields);
        break;
      case 'opening':
        if (method.name === 'connection.open') {
          return this.#open(state.client, state.tuning, method.fields.virtualHost);
        }
        break;
      case 'open':
        if (method.name === 'connection.close') return this.#acceptClose();
        if (method.name === 'connection.update-secret') {
          return this.#send('connection.update-secret-ok', {});
        }
    }
    throw new AmqpError(504, `unexpected method ${method.name} in state ${state.kind}`);
  }

  #start(fields: MethodFields<'connection.start-ok'>): void {
    try {
      const client = authenticate(this.#context, fields);
      this.#state = { kind: 'tuning', client };
      this.#send('connection.tune', tuneFields(this.#context));
    } catch (error) {
      const tells = clientCan(fields.clientProperties, 'authentication_failure_close');
      if (!(error instanceof AmqpError) || error.code !== 403 || !tells) throw error;
      this.#sendClose(error);
    }
  }

  #tune(client: Client, fields: MethodFields<'connection.tune-ok'>): void {
    const tuning = negotiate(this.#context, fields);
    this.#reader.frameMax = tuning.frameMax;
    this.#heartbeats = new Heartbeats(tuning.heartbeat, this.#context.linkClock, this);
    this.#state = { kind: 'opening', client, tuning };
  }

  #open(client: Client, tuning: Tuning, virtualHost: string): void {
    const vhost = openVhost(this.#context, client, virtualHost);
    const open = new OpenConnection({
      context: this.#context,
      transport: this.#transport,
      client,
      tuning,
      vhost,
      receive: this.#takeFrame,
    });
    this.#deadline?.cancel();
    this.#state = { kind: 'open', open };
    this.#send('connection.open-ok', {});
    open.throttle.alarm(this.#context.alarm);
  }

  /** The client hangs up once it has the answer, and may say `close` once more before. */
  #acceptClose(): void {
    this.open?.channels.flush();
    if (this.#state.kind !== 'hanging up') this.#setDeadline(HANG_UP_TIMEOUT_MS);
    this.#release();
    this.#state = { kind: 'hanging up' };
    this.#send('connection.close-ok', {});
  }

  #receiveLate(type: number, channel: number, payload: Buffer): void {
    if (type !== frameType.method || channel !== 0) return;
    const { name } = decodeMethod(payload);
    if (name === 'connection.close-ok') this.#hangUp();
    if (name === 'connection.close') this.#acceptClose();
  }

  /** Something ends the connection: the client is told, if it came far enough to understand. */
  #fail(error: AmqpError): void {
    switch (this.#state.kind) {
      case 'opening':
      case 'open':
        return this.#sendClose(error);
      case 'closing':
      case 'hanging up':
      case 'closed':
        return;
      default:
        return this.#hangUp();
    }
  }

  #sendClose(error: AmqpError): void {
    const [classId, methodId] = error.method;
    const { code: replyCode, replyText } = error;
    this.#release();
    this.#state = { kind: 'closing' };
    this.#setDeadline(CLOSE_TIMEOUT_MS);
    // A client that is held back is not read, and its answer would not be either.
    this.#transport.resume();
    this.#send('connection.close', { replyCode, replyText, classId, methodId });
  }

  #hangUp(): void {
    this.#finish();
    this.#transport.end();
  }

  #finish(): void {
    this.#release();
    this.#heartbeats?.stop();
    this.#deadline?.cancel();
    this.#state = { kind: 'closed' };
  }

  /** Ends channels and drops what belongs to this connection alone. */
  #release(): void {
    if (this.#state.kind === 'open') this.#state.open.end();
  }

  #setDeadline(ms: number): void {
    this.#deadline?.cancel();
    this.#deadline = this.#context.linkClock.after(ms, () => this.#transport.destroy());
  }

  #send<N extends MethodName>(name: N, fields: MethodFields<N>): void {
    this.#transport.out.method(0, name, fields);
    this.#transport.wrote();
  }
}

/**
 * Checks that a frame may stand on channel 0, or is a heartbeat.
 *
 * @throws AmqpError 501 for an unknown type or a heartbeat that is not empty, 505 for the wrong channel
 */
function checkControl(type: number, channel: number, payload: Buffer): void {
  checkFrameType(type);
  if (type === frameType.heartbeat) {
    if (channel !== 0) throw new AmqpError(505, `heartbeat on channel ${channel}`);
    if (payload.length > 0) throw new AmqpError(501, 'a heartbeat that is not empty');
  } else if (type !== frameType.method || channel !== 0) {
    throw new AmqpError(505, 'only methods of the connection may come here');
  }
}

/** What a client is told of an error; one of ours ends its connection, not the broker. */
function refusalOf(error: unknown): AmqpError {
  if (error instanceof AmqpError) return error;
  return new AmqpError(541, error instanceof Error ? error.message : String(error));
}
