import {
  type BindOptions,
  type Channel,
  type CodecSet,
  type Consumer,
  type Encoded,
  type Exchange,
  type ExchangeOptions,
  type IncomingMessage,
  InvalidMessageError,
  LeveretError,
  type OutgoingMessage,
  type Queue,
  systemClock,
  UnroutableError,
} from '@leveret/core';
import { isArgsOf } from './method.ts';
import {
  checkHeaders,
  checkMethodName,
  checkOptions,
  checkSignal,
  checkTimeout,
} from './options.ts';
import { type PendingCall, PendingCalls } from './pending.ts';
import {
  DEAD_LETTER_EXCHANGE,
  FROM_HEADER,
  MESSAGE_TYPE,
  needsConfirm,
  queueName,
  remoteError,
} from './protocol.ts';
import type { CallOptions } from './types.ts';

/** What a caller is made of. */
export interface CallerParts {
  readonly channel: Channel;
  readonly codecs: CodecSet;
  /** Where requests go. */
  readonly exchange: Exchange;
  readonly timeout: number;
  readonly bounds: CallBounds;
}

/** Bounds of what a caller holds. */
interface CallBounds {
  /** Most calls that wait. */
  readonly maxPending: number;
  /** Most bytes of requests that are not sent yet. */
  readonly maxUnsentBytes: number;
}

/** Where replies come to, and what takes them from there. */
interface ReplySide {
  readonly queue: Queue;
  readonly consumer: Consumer;
}

/** Makes calls: sends requests, waits for replies on a queue of its own. */
export class Caller {
  readonly #parts: CallerParts;
  readonly #pending = new PendingCalls();
  /** Sends the calls that wait for a connection or a queue for replies. */
  readonly #unsent = new Set<(replyTo: string) => void>();
  #unsentBytes = 0;
  /** `undefined` from when its queue was gone until there is another. */
  #replies: ReplySide | undefined;
  #lateReplies = 0;
  #repairing: Promise<void> | undefined;
  #closing = false;
  #stop: () => void;

  private constructor(parts: CallerParts) {
    this.#parts = parts;
    this.#stop = () => {};
  }

  /** Sets up the queue for replies and the way back for expired requests. */
  static async create(parts: CallerParts): Promise<Caller> {
    const { channel } = parts;
    const caller = new Caller(parts);
    await caller.#open();
    const off = channel.on('status', (status) => {
      // The queue for replies went with the connection, and with it every reply that was on its way.
      if (status.state === 'recovering') caller.#lose('the connection was lost', status.cause);
      if (status.state === 'open') caller.#sendUnsent();
      if (status.state === 'closed') caller.#over(status.cause);
    });
    const unheard = channel.on('return', (returned) => {
      const { correlationId } = returned;
      if (correlationId) caller.#pending.get(correlationId)?.reject(new UnroutableError(returned));
    });
    caller.#stop = () => {
      off();
      unheard();
    };
    return caller;
  }

  /** Calls that wait for their reply. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Replies that came for calls that did not wait any more, or never were. */
  get lateReplies(): number {
    return this.#lateReplies;
  }

  /** Makes a call. */
  call(method: string, args: unknown, options: CallOptions): Promise<unknown> {
    try {
      checkMethodName(method);
      checkOptions(options);
      checkSignal(options.signal);
      checkHeaders(options.headers);
      const timeout = checkTimeout(options.timeout ?? this.#parts.timeout);
      if (!isArgsOf<object>(args)) throw new InvalidMessageError('args', args, 'must be an object');
      const encoded = this.#parts.codecs.encode(args);
      return encoded instanceof Promise
        ? encoded.then((body) => this.#begin(method, body, options, timeout))
        : this.#begin(method, encoded, options, timeout);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #begin(method: string, body: Encoded, options: CallOptions, timeout: number): Promise<unknown> {
    const full = this.#full(body);
    if (full) throw full;
    // Registered before it is published: a fast reply must find it.
    const pending = this.#pending.add(method, { timeout, signal: options.signal });
    const replyTo = this.#replyTo();
    if (replyTo !== undefined) this.#send(pending, body, replyTo, options, timeout);
    else {
      const send = (to: string): void => {
        if (pending.waits) this.#send(pending, body, to, options, timeout);
      };
      this.#hold(send, body, pending.outcome);
      if (!this.#replies) this.#repair();
    }
    return pending.outcome;
  }

  /** Keeps a call until it can be sent, or has settled before. */
  #hold(send: (replyTo: string) => void, { body }: Encoded, outcome: Promise<unknown>): void {
    const leave = (): void => {
      if (this.#unsent.delete(held)) this.#unsentBytes -= body.byteLength;
    };
    const held = (replyTo: string): void => {
      leave();
      send(replyTo);
    };
    this.#unsent.add(held);
    this.#unsentBytes += body.byteLength;
    outcome.then(leave, leave);
  }

  #full({ body }: Encoded): LeveretError | undefined {
    const { maxPending, maxUnsentBytes } = this.#parts.bounds;
    if (this.#pending.size >= maxPending)
      return new LeveretError('BUFFER_FULL', `${maxPending} calls wait already (maxPending)`);
    const bytes = this.#unsentBytes;
    if (bytes > 0 && bytes + body.byteLength > maxUnsentBytes)
      return new LeveretError(
        'BUFFER_FULL',
        `${bytes} bytes of requests wait already (maxUnsentBytes)`,
      );
    return undefined;
  }

  /** Fails the calls that wait with `CLOSED` and takes no more replies. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#over(undefined);
    this.#stop();
    await this.#repairing;
    await this.#replies?.consumer.close();
  }

  /** Where replies have to go; nobody knows yet while the channel recovers. */
  #replyTo(): string | undefined {
    if (this.#parts.channel.status.state === 'recovering') return undefined;
    return this.#replies?.queue.name;
  }

  async #open(): Promise<void> {
    const replies = await openReplies(this.#parts, (message) => this.#reply(message));
    this.#replies = replies;
    replies.consumer.ended.then((cause) => {
      // Closed on purpose, or with the channel, there is nothing to put back.
      if (!cause || this.#closing || this.#parts.channel.status.state === 'closed') return;
      this.#replies = undefined;
      replies.queue.delete().catch(ignore); // what may be left of it
      this.#lose('the queue for replies was gone', cause);
      this.#repair();
    }, ignore);
  }

  /** Sets up another queue for replies. Where that fails, so do the calls that wait for it; the next call tries again. */
  #repair(): void {
    if (this.#closing) return;
    this.#repairing ??= this.#open()
      .then(
        () => this.#sendUnsent(),
        (error: unknown) =>
          this.#lose('there is no queue for replies', LeveretError.from(error, 'CONNECTION_LOST')),
      )
      .finally(() => {
        this.#repairing = undefined;
      });
  }

  #send(
    call: PendingCall,
    encoded: Encoded,
    replyTo: string,
    options: CallOptions,
    timeout: number,
  ): void {
    const { exchange } = this.#parts;
    const { method } = call;
    try {
      exchange
        .publish(requestOf(call, encoded, replyTo, options), queueName(exchange.name, method), {
          timeout,
          resend: false,
          confirm: needsConfirm(encoded),
        })
        .catch((error: unknown) => call.reject(sendFailed(method, error)));
    } catch (error) {
      call.reject(LeveretError.from(error, 'INVALID_MESSAGE')); // from a getter of the options, say
    }
  }

  #sendUnsent(): void {
    const replyTo = this.#replyTo();
    if (replyTo === undefined) return;
    for (const send of [...this.#unsent]) send(replyTo);
  }

  #reply(message: IncomingMessage): void {
    const call = message.correlationId && this.#pending.get(message.correlationId);
    if (!call) {
      this.#lateReplies++;
      this.#parts.channel.report({ type: 'late-reply', correlationId: message.correlationId });
      return;
    }
    if (message.type === MESSAGE_TYPE.call)
      return call.reject(new LeveretError('RPC_TIMEOUT', `${call.method} expired in its queue`));
    try {
      const value = this.#parts.codecs.decode(message);
      if (value instanceof Promise)
        value.then(
          (decoded) => settle(decoded),
          (error) => call.reject(LeveretError.from(error, 'CODEC')),
        );
      else settle(value);
    } catch (error) {
      call.reject(LeveretError.from(error, 'CODEC'));
    }

    function settle(value: unknown): void {
      if (!call) return;
      if (message.type === MESSAGE_TYPE.result) call.resolve(value);
      else if (message.type === MESSAGE_TYPE.error) call.reject(remoteError(value));
      else call.reject(new LeveretError('CODEC', `a reply must be of type result or error`));
    }
  }

  #lose(what: string, cause: LeveretError | undefined): void {
    const calls = this.#pending.all();
    const error = (method: string): LeveretError =>
      new LeveretError(
        'CONNECTION_LOST',
        `${what} while ${method} was called`,
        cause ? { cause } : {},
      );
    // Not at once: a request that the broker closed the channel over is just being told so, and has the first word.
    systemClock.endOfTurn(() => {
      for (const call of calls) call.reject(error(call.method));
    });
  }

  #over(cause: LeveretError | undefined): void {
    this.#pending.end(
      (method) =>
        new LeveretError('CLOSED', `closed while ${method} was called`, cause ? { cause } : {}),
    );
  }
}

/** Sets up a queue for replies with all that leads to it. Where that fails half-way, nothing of it is left. */
async function openReplies(
  { channel, exchange }: CallerParts,
  reply: (message: IncomingMessage) => void,
): Promise<ReplySide> {
  const queue = await channel.declareQueue('', { exclusive: true, autoDelete: true });
  try {
    const back = { type: 'headers', durable: false, autoDelete: true };
    await bindTo({ channel, queue }, DEAD_LETTER_EXCHANGE, back, {
      arguments: (name) => ({ [FROM_HEADER]: name, 'x-match': 'any' }),
    });
    // The exchange is there as long as somebody calls: a binding with a key that no method has keeps it.
    if (exchange.name !== '')
      await bindTo({ channel, queue }, exchange.name, { durable: false, autoDelete: true });
    return { queue, consumer: await queue.consume(reply, { noAck: true, exclusive: true }) };
  } catch (error) {
    // Else the channel would put it back on every recovery.
    await queue.delete().catch(ignore);
    throw error;
  }
}

function ignore(): void {}

/**
 * Declares an exchange that is deleted with its last binding, and binds to it. It may be gone in between with somebody else's
 * binding, and is declared again then. That is found out beside the channel, which it would cost; from there on ours keeps it.
 */
async function bindTo(
  { channel, queue }: { readonly channel: Channel; readonly queue: Queue },
  exchange: string,
  options: ExchangeOptions,
  how: BindOptions = {},
  tries = 3,
): Promise<void> {
  await channel.declareExchange(exchange, options);
  try {
    await queue.bind(exchange, '', { ...how, recover: false });
  } catch (error) {
    if (tries <= 1 || !(error instanceof LeveretError) || error.code !== 'NOT_FOUND') throw error;
    return await bindTo({ channel, queue }, exchange, options, how, tries - 1);
  }
  await queue.bind(exchange, '', how);
}

/** The message that asks for a call. */
function requestOf(
  call: PendingCall,
  { body, contentType, contentEncoding }: Encoded,
  replyTo: string,
  { expiration, headers, priority = 5, deliveryMode = 1 }: CallOptions,
): OutgoingMessage {
  return {
    body,
    contentType,
    contentEncoding,
    type: MESSAGE_TYPE.call,
    correlationId: call.id,
    replyTo,
    headers: headers ? { ...headers, [FROM_HEADER]: replyTo } : { [FROM_HEADER]: replyTo },
    priority,
    deliveryMode,
    expiration,
    timestamp: systemClock.date(),
  };
}

/** What a failure to send a request means for its call. */
function sendFailed(method: string, error: unknown): LeveretError {
  const known = LeveretError.from(error, 'CONNECTION_LOST');
  if (known.code === 'TIMEOUT')
    return new LeveretError('RPC_TIMEOUT', `${method} could not be sent in time`, { cause: error });
  if (known.code === 'UNCONFIRMED')
    return new LeveretError(
      'CONNECTION_LOST',
      `the connection was lost while ${method} was called`,
      {
        cause: error,
      },
    );
  return known;
}
