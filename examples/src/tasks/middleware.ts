// Pieces around publish and handler: a trace that travels along, and each task done once.
import { jsonCodec } from '@leveret/codec-json';
import { connect } from '@leveret/core';
import {
  type HandleMiddleware,
  idempotent,
  Master,
  memoryStore,
  type PublishMiddleware,
} from '@leveret/master';

const { AMQP_URL = 'amqp://guest:guest@localhost/' } = process.env;
await using connection = await connect(AMQP_URL);
await using channel = await connection.channel();

const trace: PublishMiddleware = (context, next) => {
  const headers = { ...context.options.headers, trace: 'abc' };
  return next({ ...context, options: { ...context.options, headers } });
};
const log: HandleMiddleware = async (context, next) => {
  console.log(`begin ${context.message.messageId}, trace ${context.headers['trace']}`);
  await next();
  console.log(`end ${context.message.messageId}`);
  if (context.message.messageId === 'last') finish();
};

let finish = (): void => {};
const done = new Promise<void>((resolve) => {
  finish = resolve;
});
const middleware = { publish: [trace], handle: [log, idempotent({ store: memoryStore() })] };
const master = new Master<{ charge: { order: number } }>(channel, {
  codec: jsonCodec(),
  middleware,
});
await master.createWorker('charge', ({ order }) => console.log(`charging ${order}`), {
  autoDelete: true,
  concurrency: 1,
});
for (const messageId of ['first', 'first', 'last'])
  await master.proxy.charge({ order: 1 }, { messageId });
await done;
