import {
  type Channel,
  CodecSet,
  type Consumer,
  type Exchange,
  LeveretError,
  type MessageHandler,
  methodProxy,
} from '@leveret/core';
import { Caller } from './caller.ts';
import { isArgsOf, MethodRunner } from './method.ts';
import {
  checkBound,
  checkChannel,
  checkFlag,
  checkMethodName,
  checkOptions,
  checkTimeout,
} from './options.ts';
import { DEAD_LETTER_EXCHANGE, queueName } from './protocol.ts';
import type {
  AnyApi,
  AnyHandler,
  ArgsOf,
  CallArguments,
  CallOptions,
  MethodHandler,
  MethodName,
  RegisterOptions,
  ResultOf,
  RpcOptions,
  RpcProxy,
} from './types.ts';

/** What an `RPC` is made of. */
interface RpcParts {
  readonly channel: Channel;
  readonly codecs: CodecSet;
  readonly exchange: Exchange;
  readonly caller: Caller;
  readonly hostExceptions: boolean;
}

interface Registration {
  readonly name: string;
  readonly handler: unknown;
  /** The consumer, once it is there. */
  readonly consumer: Promise<Consumer>;
}

/**
 * Remote procedure calls over queues: `register` offers methods, `call` and `proxy` use those that others
 * offer; callees of one method share its calls. The protocol is that of aio-pika's `JsonRPC`.
 *
 * A call settles exactly once: with the result, `REMOTE_ERROR`, `UNROUTABLE` (the method has no queue: nobody has offered it),
 * `RPC_TIMEOUT`, `ABORTED`, `CONNECTION_LOST`, `CLOSED`, or a failure to send it. A call that was lost with
 * the connection is not made again by itself: it may have been executed.
 *
 * @example
 * ```ts
 * type Api = { multiply(args: { x: number; y: number }): number }
 * const rpc = await RPC.create<Api>(channel, { codec: jsonCodec() })
 * await rpc.register('multiply', ({ x, y }) => x * y)
 * await rpc.proxy.multiply({ x: 100, y: 7 }) // 700
 * ```
 */
export class RPC<Api extends object = AnyApi> {
  /** Remote methods as methods: `rpc.proxy.math.add(args)` calls `math.add`. */
  readonly proxy: RpcProxy<Api>;
  readonly #channel: Channel;
  readonly #codecs: CodecSet;
  readonly #exchange: Exchange;
  readonly #caller: Caller;
  readonly #hostExceptions: boolean;
  readonly #registrations = new Map<string, Registration>();
  #closing: Promise<void> | undefined;

  private constructor({ channel, codecs, exchange, caller, hostExceptions }: RpcParts) {
    this.#channel = channel;
    this.#codecs = codecs;
    this.#exchange = exchange;
    this.#caller = caller;
    this.#hostExceptions = hostExceptions;
    this.proxy = methodProxy<RpcProxy<Api>, [args?: unknown, options?: CallOptions], unknown>(
      (name, args = {}, options = {}) => this.#call(name, args, options),
    );
  }

  /** Makes one on `channel`: declares the queue for its replies. Errors: `INVALID_ARGUMENT`, and those of declaring. */
  static async create<Api extends object = AnyApi>(
    channel: Channel,
    options: RpcOptions,
  ): Promise<RPC<Api>> {
    checkChannel(channel);
    checkOptions(options);
    const { exchange: name = '', timeout = 30_000 } = options;
    checkTimeout(timeout);
    const hostExceptions = checkFlag('hostExceptions', options.hostExceptions, false);
    const bounds = {
      maxPending: checkBound('maxPending', options.maxPending, 100_000),
      maxUnsentBytes: checkBound('maxUnsentBytes', options.maxUnsentBytes, 2 ** 26),
    };
    const codecs = new CodecSet(options);
    const exchange =
      name === '' ? channel.defaultExchange : await channel.getExchange(name, { ensure: false });
    const caller = await Caller.create({ channel, codecs, exchange, timeout, bounds });
    return new RPC<Api>({ channel, codecs, exchange, caller, hostExceptions });
  }

  /** Calls that wait for their reply. */
  get pending(): number {
    return this.#caller.pending;
  }

  /** Replies that came for calls that did not wait any more, or never were; each is also an event. */
  get lateReplies(): number {
    return this.#caller.lateReplies;
  }

  /**
   * Calls a remote method. Errors: `REMOTE_ERROR` (a `RemoteError`), `UNROUTABLE`, `RPC_TIMEOUT`, `ABORTED`,
   * `CONNECTION_LOST`, `CLOSED`, `INVALID_MESSAGE`, `CODEC`, `UNSUPPORTED_CONTENT_TYPE`, `NACKED`,
   * `BUFFER_FULL`.
   */
  call<Name extends MethodName<Api>>(
    name: Name,
    ...[args, options]: CallArguments<Api[Name]>
  ): Promise<ResultOf<Api[Name]>>;
  call(name: string, args: unknown = {}, options: CallOptions = {}): Promise<unknown> {
    return this.#call(name, args, options);
  }

  /**
   * Offers a method. Its queue is durable by default and shared with all callees of the name; what it throws
   * reaches the caller as a `RemoteError`. Where its queue is deleted it ends, and can be registered again.
   * Errors: `ALREADY_REGISTERED` (the name or the function), `INVALID_ARGUMENT`, and those of declaring and
   * consuming.
   */
  async register<Name extends MethodName<Api>>(
    name: Name,
    handler: MethodHandler<Api[Name]>,
    options: RegisterOptions = {},
  ): Promise<void> {
    if (this.#closing) throw closed();
    checkMethodName(name);
    checkOptions(options);
    if (typeof handler !== 'function')
      throw new LeveretError('INVALID_ARGUMENT', 'handler must be a function');
    if (this.#registrations.has(name))
      throw new LeveretError('ALREADY_REGISTERED', `method ${name} is registered already`);
    if (this.#find(handler))
      throw new LeveretError('ALREADY_REGISTERED', 'the function is registered already');
    const runner = new MethodRunner<ArgsOf<Api[Name]>>({
      name,
      channel: this.#channel,
      codecs: this.#codecs,
      handler,
      isArgs: isArgsOf<ArgsOf<Api[Name]>>,
      hostExceptions: this.#hostExceptions,
    });
    const consumer = this.#consume(name, (message) => runner.handle(message), options);
    const registration = { name, handler, consumer };
    this.#registrations.set(name, registration);
    try {
      const { ended } = await consumer;
      // Also where nobody asked for it, as its queue was deleted: then it can be registered again.
      ended.then(
        () => this.#forget(registration),
        () => {},
      );
    } catch (error) {
      this.#forget(registration);
      throw error;
    }
  }

  /**
   * Stops offering a method, by name or by function, and waits for the calls in hand. Does nothing where it
   * is not registered.
   */
  async unregister(method: MethodName<Api> | AnyHandler<Api>): Promise<void> {
    const registration =
      typeof method === 'string' ? this.#registrations.get(method) : this.#find(method);
    if (!registration) return;
    this.#registrations.delete(registration.name);
    await (await registration.consumer).close();
  }

  /**
   * Stops offering methods (calls in hand end first) and calling (calls that wait fail with `CLOSED`).
   * Always resolves; calling it again is harmless. The channel stays open.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #call(name: string, args: unknown, options: CallOptions): Promise<unknown> {
    if (this.#closing) return Promise.reject(closed());
    return this.#caller.call(name, args, options);
  }

  async #consume(
    name: string,
    handler: MessageHandler,
    options: RegisterOptions,
  ): Promise<Consumer> {
    const { prefetch, concurrency, drainTimeout, ...queueOptions } = options;
    const exchange = this.#exchange;
    const queue = await this.#channel.declareQueue(queueName(exchange.name, name), {
      ...queueOptions,
      arguments: { ...queueOptions.arguments, 'x-dead-letter-exchange': DEAD_LETTER_EXCHANGE },
    });
    if (exchange.name !== '') await queue.bind(exchange, queue.name);
    return queue.consume(handler, {
      ...(prefetch === undefined ? {} : { prefetch }),
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(drainTimeout === undefined ? {} : { drainTimeout }),
    });
  }

  /** The name may be another's by now. */
  #forget(registration: Registration): void {
    const { name } = registration;
    if (this.#registrations.get(name) === registration) this.#registrations.delete(name);
  }

  #find(handler: unknown): Registration | undefined {
    for (const registration of this.#registrations.values())
      if (registration.handler === handler) return registration;
    return undefined;
  }

  async #close(): Promise<void> {
    const closing = Array.from(this.#registrations.values(), async ({ consumer }) =>
      (await consumer).close(),
    );
    this.#registrations.clear();
    await Promise.allSettled(closing);
    await this.#caller.close();
  }
}

function closed(): LeveretError {
  return new LeveretError('CLOSED', 'the RPC is closed');
}
