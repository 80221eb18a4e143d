import { expectTypeOf } from 'vitest';
import {
  type Channel,
  type ChannelStatus,
  type Codec,
  CodecSet,
  type Connection,
  type ConnectionStatus,
  type Consumer,
  connect,
  type Driver,
  type Encoded,
  type Exchange,
  eventTypes,
  type HeaderTable,
  type IncomingMessage,
  InvalidMessageError,
  LeveretError,
  type LeveretErrorCode,
  type LeveretEvent,
  type LeveretEventType,
  type MethodProxy,
  methodProxy,
  type OutgoingMessage,
  type Queue,
  type ReturnedMessage,
  type ShutdownReport,
  shutdownOn,
  type TaskEvent,
  UnroutableError,
} from './index.ts';

declare const connection: Connection;
declare const channel: Channel;
declare const exchange: Exchange;
declare const queue: Queue;
declare const consumer: Consumer;
declare const incoming: IncomingMessage;
declare const returned: ReturnedMessage;
declare const driver: Driver;
declare const codec: Codec;
declare const unknownError: unknown;
const body = new Uint8Array();

// Connecting
expectTypeOf(connect()).resolves.toEqualTypeOf<Connection>();
expectTypeOf(connect('amqp://localhost')).resolves.toEqualTypeOf<Connection>();
void connect(['amqp://a', 'amqp://b'] as const, { recover: false, driver });
void connect({ hosts: ['a'], credentials: async () => ({ username: 'u', password: 'p' }) });
void connect('amqps://h', { tls: { servername: 's' }, backoff: { max: 1000 } });
// @ts-expect-error durations are numbers of milliseconds
void connect('amqp://h', { connectTimeout: '5s' });
// @ts-expect-error there is no such option
void connect('amqp://h', { reconnect: true });

// Listening
expectTypeOf(connection.on('status', () => undefined)).toEqualTypeOf<() => void>();
connection.on('status', (status) => expectTypeOf(status).toEqualTypeOf<ConnectionStatus>());
connection.on('event', (event) => expectTypeOf(event).toEqualTypeOf<LeveretEvent>());
channel.on('status', (status) => expectTypeOf(status).toEqualTypeOf<ChannelStatus>());
channel.on('return', (message) => expectTypeOf(message).toEqualTypeOf<ReturnedMessage>());
// @ts-expect-error there is no such record
connection.on('close', () => undefined);
// @ts-expect-error the record of an event is no status
connection.on('event', (_event: ConnectionStatus) => undefined);
// @ts-expect-error a status cannot be written
connection.status = { state: 'connected' };

// A status is told apart by its state, and only what exists in that state is there
const { status } = connection;
switch (status.state) {
  case 'connecting':
    expectTypeOf(status.attempt).toEqualTypeOf<number>();
    // @ts-expect-error nothing has failed for good yet
    void status.cause;
    break;
  case 'connected':
    expectTypeOf(status.host).toEqualTypeOf<string>();
    break;
  case 'blocked':
    expectTypeOf(status.reason).toEqualTypeOf<string>();
    break;
  case 'reconnecting':
    expectTypeOf(status.cause).toEqualTypeOf<LeveretError>();
    break;
  case 'closed':
    expectTypeOf(status.cause).toEqualTypeOf<LeveretError | undefined>();
    break;
  default:
    expectTypeOf(status).toEqualTypeOf<never>();
}

// Health and counters: one of each type, which nobody writes
expectTypeOf(connection.health().ready).toEqualTypeOf<boolean>();
expectTypeOf(connection.counters).toEqualTypeOf<Readonly<Record<LeveretEventType, number>>>();
expectTypeOf<TaskEvent>().toExtend<LeveretEvent>();
expectTypeOf(eventTypes).toHaveProperty('handler-stuck');
// @ts-expect-error there is no such type of event
void connection.counters.exploded;
// @ts-expect-error what happened is not written
connection.counters.returned = 0;

// Shutting down
const shutdown = shutdownOn(['SIGTERM', 'SIGINT'], [[consumer, channel], connection], {
  timeout: 1000,
});
expectTypeOf(shutdown).toExtend<Disposable>();
expectTypeOf(shutdown.signal).toEqualTypeOf<AbortSignal>();
expectTypeOf(shutdown.done).resolves.toEqualTypeOf<ShutdownReport>();
// @ts-expect-error a signal has a name
shutdownOn([15], []);
// @ts-expect-error a queue cannot be closed
shutdownOn(['SIGTERM'], [queue]);

// Declaring
expectTypeOf(channel.declareQueue()).resolves.toEqualTypeOf<Queue>();
expectTypeOf(channel.declareExchange('e', { type: 'topic' })).resolves.toEqualTypeOf<Exchange>();
void channel.declareExchange('e', { type: 'x-of-a-plugin', durable: false });
void channel.declareQueue('q', { passive: true });
void channel.getQueue('q', { ensure: false });
// @ts-expect-error an exchange has a name
void channel.declareExchange();

// Publishing
expectTypeOf(exchange.publish({ body }, 'key')).toEqualTypeOf<Promise<void>>();
void exchange.publish({ body: Buffer.from('x'), headers: { a: [1, { b: 2n }], c: null } }, 'key');
void exchange.publish(incoming, incoming.routingKey, { mandatory: false });
void exchange.publish(returned, 'elsewhere');
expectTypeOf<IncomingMessage>().toExtend<OutgoingMessage>();
expectTypeOf<Encoded>().toExtend<OutgoingMessage>();
// @ts-expect-error a body is bytes
void exchange.publish({ body: 'text' }, 'key');
// @ts-expect-error a message has a routing key, though it may be empty
void exchange.publish({ body });
// @ts-expect-error an expiration is milliseconds
void exchange.publish({ body, expiration: '1000' }, 'key');
// @ts-expect-error a delivery mode is 1 or 2
void exchange.publish({ body, deliveryMode: 3 }, 'key');
// @ts-expect-error a function has no form in a header
void exchange.publish({ body, headers: { f: () => 1 } }, 'key');

// Consuming
expectTypeOf(queue.get()).resolves.toEqualTypeOf<IncomingMessage | undefined>();
expectTypeOf(queue).toExtend<AsyncIterable<IncomingMessage>>();
void queue.consume(async (message) => {
  expectTypeOf(message).toEqualTypeOf<IncomingMessage>();
  expectTypeOf(message.headers).toEqualTypeOf<HeaderTable>();
  expectTypeOf(message.timestamp).toEqualTypeOf<Date | undefined>();
  expectTypeOf(message.process(() => 5)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(message.process(async () => 'x')).toEqualTypeOf<Promise<string>>();
});
expectTypeOf(channel.transaction(async () => 5)).toEqualTypeOf<Promise<number>>();
// @ts-expect-error a message is what came
incoming.body = body;
// @ts-expect-error how many handlers run makes no difference to an iteration
void queue.iterate({ concurrency: 5 });

// A consumer that runs
expectTypeOf(consumer.pause()).toEqualTypeOf<Promise<void>>();
expectTypeOf(consumer.resume()).toEqualTypeOf<Promise<void>>();
expectTypeOf(consumer.status.state).toEqualTypeOf<
  'consuming' | 'paused' | 'recovering' | 'closing' | 'closed'
>();
consumer.concurrency = Number.POSITIVE_INFINITY;
// @ts-expect-error a status cannot be written
consumer.status.inHand = 0;

// Every resource closes with its block
expectTypeOf<Connection>().toExtend<AsyncDisposable>();
expectTypeOf<Channel>().toExtend<AsyncDisposable>();
expectTypeOf<Awaited<ReturnType<Queue['consume']>>>().toExtend<AsyncDisposable>();

// Errors narrow
if (unknownError instanceof LeveretError) {
  expectTypeOf(unknownError.code).toEqualTypeOf<LeveretErrorCode>();
  // @ts-expect-error the set of codes is closed
  void (unknownError.code === 'NO_SUCH_CODE');
}
if (unknownError instanceof InvalidMessageError)
  expectTypeOf(unknownError.field).toEqualTypeOf<string>();
if (unknownError instanceof UnroutableError)
  expectTypeOf(unknownError.returned).toEqualTypeOf<ReturnedMessage>();
// @ts-expect-error the set of codes is closed
void new LeveretError('NO_SUCH_CODE', 'x');

// Codecs
expectTypeOf(new CodecSet({ codec, accept: [codec] }).encode(1)).toEqualTypeOf<
  Encoded | Promise<Encoded>
>();
expectTypeOf(new CodecSet({ codec }).decode(incoming)).toEqualTypeOf<unknown>();
// @ts-expect-error what a codec encodes to is bytes
void new CodecSet({ codec: { ...codec, encode: () => 'text' } });

// Proxies
interface Functions {
  ping(): string;
  'math.add'(a: number, b: number): number;
  'math.deep.negate'(a: number): number;
  math(): boolean;
}
const proxy = methodProxy<MethodProxy<Functions>, unknown[], unknown>((name) => name);
expectTypeOf(proxy.ping).toBeCallableWith();
expectTypeOf(proxy.ping()).toEqualTypeOf<string>();
expectTypeOf(proxy.math()).toEqualTypeOf<boolean>();
expectTypeOf(proxy.math.add).toBeCallableWith(1, 2);
expectTypeOf(proxy.math.add(1, 2)).toEqualTypeOf<number>();
expectTypeOf(proxy.math.deep.negate(1)).toEqualTypeOf<number>();
// @ts-expect-error there is no such function
void proxy.pong;
// @ts-expect-error there is no such function
void proxy.math.subtract;
// @ts-expect-error a name is called at its end
void proxy.math.deep(1);
// @ts-expect-error an argument is missing
void proxy.math.add(1);
// @ts-expect-error it cannot be written
proxy.ping = () => 'pong';
// @ts-expect-error the dotted name is not a property
void proxy['math.add'];
