import { gzipCodec } from '@leveret/codec-gzip';
import { jsonCodec } from '@leveret/codec-json';
import { msgpackCodec } from '@leveret/codec-msgpack';
import { type Channel, type Codec, type ConnectionOptions, connect } from '@leveret/core';
import { Master } from '@leveret/master';
import { RPC } from '@leveret/rpc';
import { FORMATS, type Format } from '../formats.ts';
import type { NodePeer } from './peer.ts';

const CODECS: Readonly<Record<Format, () => Codec>> = {
  json: () => jsonCodec(),
  msgpack: () => msgpackCodec(),
  gzip: () => gzipCodec(jsonCodec()),
};

/** Leveret's own patterns, `Master`, its workers and `RPC`, with all that they promise, on one of its drivers. */
export function leveretWith(
  name: string,
  packages: readonly string[],
  options: ConnectionOptions,
): NodePeer {
  const open = async (url: string): Promise<Channel> => (await connect(url, options)).channel();
  return {
    runs: 'node',
    name,
    title: name,
    packages,
    guarantee: {
      confirms: true,
      acks: 'after the handler; of a call after its reply was sent',
      recovers: true,
      remark: 'reports unroutable messages, bounds what waits, calls have a deadline',
    },
    cannot: {},
    formats: FORMATS,

    publisher: async ({ url, format }, queue) => {
      const master = new Master(await open(url), { codec: CODECS[format]() });
      return (task) => master.createTask(queue, task);
    },

    consumer: async ({ url, format }, queues, prefetch, handle) => {
      const master = new Master(await open(url), { codec: CODECS[format]() });
      await Promise.all(
        queues.map((queue) => master.createWorker(queue, (task) => handle(task), { prefetch })),
      );
    },

    callee: async ({ url, format }, methods, prefetch, method) => {
      const rpc = await RPC.create(await open(url), { codec: CODECS[format]() });
      await Promise.all(
        methods.map((name) => rpc.register(name, (args) => method(args), { prefetch })),
      );
    },

    caller: async ({ url, format }) => {
      const rpc = await RPC.create(await open(url), { codec: CODECS[format]() });
      return (method, args) => rpc.call(method, args);
    },

    topic: async ({ url }, exchangeName, queueName) => {
      const channel = await open(url);
      const exchange = await channel.declareExchange(exchangeName, {
        type: 'topic',
        durable: false,
        autoDelete: true,
      });
      const queue = await channel.getQueue(queueName, { ensure: false });
      const body = Buffer.alloc(30);
      return {
        bind: (key) => queue.bind(exchange, key),
        publish: (key) => exchange.publish({ body }, key),
      };
    },
  };
}
