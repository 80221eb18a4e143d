import type {
  CodecOptions,
  ConsumeOptions,
  HeaderTable,
  IncomingMessage,
  MethodProxy,
  QueueOptions,
} from '@leveret/core';

/** Methods by any name: what an `RPC` without a type argument knows. */
export interface AnyApi {
  readonly [name: string]: (args: unknown) => unknown;
}

/** Names of the methods of an interface. */
export type MethodName<Api> = keyof Api & string;

/** The one argument of a method: an object of named arguments. */
export type ArgsOf<Method> = Method extends (args: infer Args) => unknown ? Args : never;

/** What a method gives, without the promise. */
export type ResultOf<Method> = Method extends (...args: never) => infer Result
  ? Awaited<Result>
  : never;

/** Arguments of a call after the name: those of the method may be left out where `{}` will do. */
export type CallArguments<Method> = [Record<never, never>] extends [ArgsOf<Method>]
  ? [args?: ArgsOf<Method>, options?: CallOptions]
  : [args: ArgsOf<Method>, options?: CallOptions];

/** Calls one method. */
export type Call<Method> = (...args: CallArguments<Method>) => Promise<ResultOf<Method>>;

/** A proxy for methods of any name. */
export interface AnyRpcProxy extends Call<AnyApi[string]> {
  readonly [name: string]: AnyRpcProxy;
}

/** Remote methods as methods, dotted names as nested ones. */
export type RpcProxy<Api> = string extends keyof Api
  ? { readonly [name: string]: AnyRpcProxy }
  : MethodProxy<{ [Name in keyof Api]: Call<Api[Name]> }>;

/** What a method learns of a call besides its arguments. */
export interface CallContext {
  /** Name of the method. */
  readonly name: string;
  /** The request itself. */
  readonly message: IncomingMessage;
  /** Headers of the request. */
  readonly headers: HeaderTable;
  /** Aborts when the callee gives up waiting for the method, or the call will be delivered again. */
  readonly signal: AbortSignal;
  /** Whether the call was delivered before, so perhaps executed. */
  readonly redelivered: boolean;
}

/** A method as it is registered. */
export type MethodHandler<Method> = (
  args: ArgsOf<Method>,
  context: CallContext,
) => ResultOf<Method> | Promise<ResultOf<Method>>;

/** A function that one of the methods can be registered with. */
export type AnyHandler<Api> = {
  [Name in MethodName<Api>]: MethodHandler<Api[Name]>;
}[MethodName<Api>];

/** How an `RPC` calls and is called. */
export interface RpcOptions extends CodecOptions {
  /**
   * A direct exchange for the calls, declared `autoDelete` and not durable, as aio-pika does; queues are
   * then named `<exchange>::<method>`. Default: the default exchange and queues named as the methods.
   */
  readonly exchange?: string;
  /** Milliseconds until a call without a reply fails with `RPC_TIMEOUT`. Default 30000. */
  readonly timeout?: number;
  /**
   * Report what a method throws as the event `handler-failed` here as well, beside telling its caller. Default false:
   * only where no caller waits for it. As `host_exceptions` of aio-pika.
   */
  readonly hostExceptions?: boolean;
  /** Most calls that wait, for a connection or for their reply; a further one is `BUFFER_FULL`. Default 100000. */
  readonly maxPending?: number;
  /** Most bytes of requests that wait for a connection; likewise. Default 67108864 (64 MiB). */
  readonly maxUnsentBytes?: number;
}

/** How one call is made. */
export interface CallOptions {
  /** Milliseconds until it fails with `RPC_TIMEOUT` where there is no reply. Default: that of the `RPC`. */
  readonly timeout?: number;
  /** Milliseconds after which a request that no callee has taken yet fails with `RPC_TIMEOUT`; or until when. */
  readonly expiration?: number | Date;
  /** For queues with priorities. Default 5, as in aio-pika. */
  readonly priority?: number;
  /**
   * Aborting it fails the call with `ABORTED`; a request that waits to be sent is sent all the same, and a
   * callee that has begun is not told.
   */
  readonly signal?: AbortSignal;
  /** Further headers of the request. */
  readonly headers?: HeaderTable;
  /** 2 keeps the request on disk. Default 1, as in aio-pika: a call does not outlive its caller. */
  readonly deliveryMode?: 1 | 2;
}

/** How a method is registered: its queue and its consumer. */
export interface RegisterOptions
  extends Omit<QueueOptions, 'timeout'>,
    Pick<ConsumeOptions, 'prefetch' | 'concurrency' | 'drainTimeout'> {}
