import { jsonCodec } from '@leveret/codec-json';
import type { Channel, HeaderTable, IncomingMessage } from '@leveret/core';
import { expectTypeOf } from 'vitest';
import { type AnyHandler, type ArgsOf, type CallContext, type ResultOf, RPC } from './index.ts';

type Api = {
  multiply(args: { x: number; y: number }): number;
  'math.add'(args: { a: number; b: number }): Promise<number>;
  'math.add.slowly'(args: { a: number }): number;
  ping(): string;
  list(args: { limit?: number }): readonly string[];
  forget(args: { id: string }): void;
};
interface AsInterface {
  shout(args: { text: string }): string;
}

declare const channel: Channel;
const codec = jsonCodec();
const rpc = await RPC.create<Api>(channel, { codec });
const untyped = await RPC.create(channel, { codec, exchange: 'calls', timeout: 1_000 });

// Calls
expectTypeOf(rpc.call('multiply', { x: 1, y: 2 })).toEqualTypeOf<Promise<number>>();
expectTypeOf(rpc.call('math.add', { a: 1, b: 2 })).toEqualTypeOf<Promise<number>>();
expectTypeOf(rpc.call('forget', { id: '1' })).toEqualTypeOf<Promise<void>>();
expectTypeOf(rpc.call('list')).toEqualTypeOf<Promise<readonly string[]>>();
expectTypeOf(
  (await RPC.create<AsInterface>(channel, { codec })).call('shout', { text: '' }),
).resolves.toBeString();
void rpc.call('multiply', { x: 1, y: 2 }, { expiration: 1_000, priority: 5, timeout: 5 });
// @ts-expect-error there is no such method
void rpc.call('divide', { x: 1, y: 2 });
// @ts-expect-error an argument is missing
void rpc.call('multiply', { x: 1 });
// @ts-expect-error an argument is of another type
void rpc.call('multiply', { x: 1, y: '2' });
// @ts-expect-error there is no such argument
void rpc.call('multiply', { x: 1, y: 2, z: 3 });
// @ts-expect-error the arguments may not be left out
void rpc.call('multiply');
// @ts-expect-error there is no such option
void rpc.call('multiply', { x: 1, y: 2 }, { prioritty: 5 });
// @ts-expect-error an option is of another type
void rpc.call('multiply', { x: 1, y: 2 }, { signal: true });
// @ts-expect-error the result is of another type
const wrong: string = await rpc.call('multiply', { x: 1, y: 2 });
void wrong;

// Arguments may be left out where {} will do
expectTypeOf(rpc.call('ping')).toEqualTypeOf<Promise<string>>();
void rpc.call('list', { limit: 1 });
void rpc.proxy.list();
void rpc.proxy.list(undefined, { timeout: 10 });
// @ts-expect-error even so they have their types
void rpc.call('list', { limit: '1' });

// The proxy
expectTypeOf(rpc.proxy.multiply({ x: 1, y: 2 })).toEqualTypeOf<Promise<number>>();
expectTypeOf(rpc.proxy.math.add({ a: 1, b: 2 })).toEqualTypeOf<Promise<number>>();
expectTypeOf(rpc.proxy.math.add.slowly({ a: 1 })).toEqualTypeOf<Promise<number>>();
void rpc.proxy.math.add({ a: 1, b: 2 }, { timeout: 5_000, signal: new AbortController().signal });
// @ts-expect-error there is no such method
void rpc.proxy.divide;
// @ts-expect-error a part of a name is no method
void rpc.proxy.math({ a: 1, b: 2 });
// @ts-expect-error there is no such method below
void rpc.proxy.math.subtract;
// @ts-expect-error an argument is of another type
void rpc.proxy.math.add({ a: '1', b: 2 });
// @ts-expect-error it cannot be written to
rpc.proxy.multiply = async () => 1;
expectTypeOf(rpc.proxy).not.toHaveProperty('then');

// Methods
const multiply = ({ x, y }: { x: number; y: number }): number => x * y;
expectTypeOf(rpc.register('multiply', multiply, { autoDelete: true })).toEqualTypeOf<
  Promise<void>
>();
void rpc.register('multiply', async (args, context) => {
  expectTypeOf(args).toEqualTypeOf<{ x: number; y: number }>();
  expectTypeOf(context).toEqualTypeOf<CallContext>();
  expectTypeOf(context.message).toEqualTypeOf<IncomingMessage>();
  expectTypeOf(context.headers).toEqualTypeOf<HeaderTable>();
  expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>();
  return args.x * args.y;
});
void rpc.register('math.add', ({ a, b }) => a + b);
void rpc.register('forget', () => {});
void rpc.register('ping', () => 'pong', { prefetch: 1, concurrency: 1, durable: false });
// @ts-expect-error there is no such method
void rpc.register('divide', multiply);
// @ts-expect-error the method takes other arguments
void rpc.register('math.add', multiply);
// @ts-expect-error the method gives another result
void rpc.register('multiply', () => 'text');
// @ts-expect-error there is no such option
void rpc.register('ping', () => 'pong', { prefetched: 1 });

// By function or by name
void rpc.unregister(multiply);
void rpc.unregister('multiply');
// @ts-expect-error there is no such method
void rpc.unregister('divide');
// @ts-expect-error no method can be this function
void rpc.unregister((args: { x: string }) => args.x);

// The parts of a method
expectTypeOf<ArgsOf<Api['multiply']>>().toEqualTypeOf<{ x: number; y: number }>();
expectTypeOf<ResultOf<Api['math.add']>>().toBeNumber();
expectTypeOf(multiply).toExtend<AnyHandler<Api>>();

// Without a type argument
expectTypeOf(untyped.call('anything', { at: 'all' })).toEqualTypeOf<Promise<unknown>>();
void untyped.call('anything');
expectTypeOf(untyped.call).parameter(0).toBeString();
void untyped.proxy['anything']?.({ at: 'all' }, { timeout: 1 });
void untyped.proxy['math']?.['add']?.({ a: 1 });
void untyped.register('anything', (args) => {
  expectTypeOf(args).toBeUnknown();
});
void untyped.unregister(() => 1);
// @ts-expect-error unknown arguments have no known names
void untyped.register('anything', ({ x }) => x);
// @ts-expect-error there is no such option
void untyped.call('anything', {}, { prioritty: 5 });

// Options of an RPC
// @ts-expect-error a codec has to be given
void RPC.create(channel, {});
// @ts-expect-error there is no such option
void RPC.create(channel, { codec, exchnage: 'calls' });
