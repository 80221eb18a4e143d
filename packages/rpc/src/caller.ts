import { randomUUID } from 'node:crypto';
import {
  type Channel,
  type CodecSet,
  type Encoded,
  type Exchange,
  type IncomingMessage,
  InvalidMessageError,
  LeveretError,
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
import { PendingCalls } from './pending.ts';
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
}

/** Makes calls: sends requests, waits for replies on a queue of its own. */
export class Caller {
  readonly #parts: CallerParts;
  readonly #replies: Queue;
  readonly #pending = new PendingCalls();
  /** Sends the calls that wait for a connection. */
  readonly #unsent = new Set<() => void>();
  #lateReplies = 0;
  #stop: () => Promise<void>;

  private constructor(parts: CallerParts, replies: Queue) {
    this.#parts = parts;
    this.#replies = replies;
    this.#stop = async () => {};
  }

  /** Sets up the queue for replies and the way back for expired requests. */
  static async create(parts: CallerParts): Promise<Caller> {
    const { channel, exchange } = parts;
    const replies = await channel.declareQueue('', { exclusive: true, autoDelete: true });
    await tryAgain(async () => {
      const back = { type: 'headers', durable: false, autoDelete: true };
      await channel.declareExchange(DEAD_LETTER_EXCHANGE, back);
      await replies.bind(DEAD_LETTER_EXCHANGE, '', {
        arguments: (name) => ({ [FROM_HEADER]: name, 'x-match': 'any' }),
      });
    });
    if (exchange.name !== '')
      // The exchange is there as long as somebody calls: a binding with a key that no method has keeps it.
      await tryAgain(async () => {
        await channel.declareExchange(exchange.name, { durable: false, autoDelete: true });
        await replies.bind(exchange, '');
      });
    const caller = new Caller(parts, replies);
    const consumer = await replies.consume((message) => caller.#reply(message), {
      noAck: true,
      exclusive: true,
    });
    const off = channel.on('status', (status) => {
      // The queue for replies went with the connection, and with it every reply that was on its way.
      if (status.state === 'recovering') caller.#lose(status.cause);
      if (status.state === 'open') caller.#sendUnsent();
      if (status.state === 'closed') caller.#over(status.cause);
    });
    const unheard = channel.on('return', (returned) => {
      const { correlationId } = returned;
      if (correlationId) caller.#pending.get(correlationId)?.reject(new UnroutableError(returned));
    });
    caller.#stop = async () => {
      off();
      unheard();
      await consumer.close();
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
  async call(method: string, args: unknown, options: CallOptions): Promise<unknown> {
    const { codecs, timeout } = this.#parts;
    checkMethodName(method);
    checkOptions(options);
    checkSignal(options.signal);
    checkHeaders(options.headers);
    if (!isArgsOf<object>(args)) throw new InvalidMessageError('args', args, 'must be an object');
    const wait = { timeout: checkTimeout(options.timeout ?? timeout), signal: options.signal };
    const encoded = codecs.encode(args);
    const body = encoded instanceof Promise ? await encoded : encoded;
    const id = randomUUID();
    // Registered before it is published: a fast reply must find it.
    const outcome = this.#pending.add(id, method, wait);
    const send = (): void => {
      if (this.#pending.get(id)) this.#send(id, method, body, options, wait.timeout);
    };
    // While the channel recovers nobody knows yet where replies will have to go.
    if (this.#parts.channel.status.state !== 'recovering') send();
    else {
      const forget = (): unknown => this.#unsent.delete(send);
      this.#unsent.add(send);
      outcome.then(forget, forget);
    }
    return outcome;
  }

  /** Fails the calls that wait with `CLOSED` and takes no more replies. */
  async close(): Promise<void> {
    this.#over(undefined);
    await this.#stop();
  }

  #send(id: string, method: string, encoded: Encoded, options: CallOptions, timeout: number): void {
    const { exchange } = this.#parts;
    const { expiration, headers, priority = 5, deliveryMode = 1 } = options;
    const replyTo = this.#replies.name;
    exchange
      .publish(
        {
          body: encoded.body,
          contentType: encoded.contentType,
          contentEncoding: encoded.contentEncoding,
          type: MESSAGE_TYPE.call,
          correlationId: id,
          replyTo,
          headers: headers ? { ...headers, [FROM_HEADER]: replyTo } : { [FROM_HEADER]: replyTo },
          priority,
          deliveryMode,
          expiration,
          timestamp: systemClock.date(),
        },
        queueName(exchange.name, method),
        { timeout, resend: false, confirm: needsConfirm(encoded) },
      )
      .catch((error: unknown) => this.#pending.get(id)?.reject(sendFailed(method, error)));
  }

  #sendUnsent(): void {
    const sends = [...this.#unsent];
    this.#unsent.clear();
    for (const send of sends) send();
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

  #lose(cause: LeveretError | undefined): void {
    this.#pending.rejectAll(
      (method) =>
        new LeveretError(
          'CONNECTION_LOST',
          `the connection was lost while ${method} was called`,
          cause ? { cause } : {},
        ),
    );
  }

  #over(cause: LeveretError | undefined): void {
    this.#unsent.clear();
    this.#pending.end(
      (method) =>
        new LeveretError('CLOSED', `closed while ${method} was called`, cause ? { cause } : {}),
    );
  }
}

/**
 * Declares and binds again where the exchange was gone in between: one that is deleted automatically goes with
 * its last binding, which may be somebody else's.
 */
async function tryAgain(declareAndBind: () => Promise<void>, tries = 3): Promise<void> {
  try {
    await declareAndBind();
  } catch (error) {
    if (tries <= 1 || !(error instanceof LeveretError) || error.code !== 'NOT_FOUND') throw error;
    await tryAgain(declareAndBind, tries - 1);
  }
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
