import { type ConfirmChannel, connect } from 'amqplib';
import { inParallel } from './lanes.ts';

/** Prepares and clears away what peers work on. */
export interface Admin extends AsyncDisposable {
  /** What the broker is, with its version. */
  readonly broker: string;
  /** Fresh, empty, durable queues. Those of methods are as RPC of aio-pika declares them. */
  declare(queues: readonly string[], use: 'tasks' | 'methods'): Promise<void>;
  delete(queues: readonly string[]): Promise<void>;
  /** Puts the bodies of so many tasks into a queue, as persistent JSON. */
  fill(queue: string, count: number, body: (task_id: number) => unknown): Promise<void>;
}

const AT_ONCE = 500;

export async function openAdmin(url: string): Promise<Admin> {
  const connection = await connect(url, { noDelay: true });
  const channel = await connection.createConfirmChannel();
  const { product, version } = connection.connection.serverProperties;
  const remove = (queues: readonly string[]): Promise<void> =>
    inParallel(queues.length, AT_ONCE, (index) => channel.deleteQueue(queues[index] ?? ''));
  return {
    broker: `${product} ${version}`,
    declare: async (queues, use) => {
      const methods = { durable: true, deadLetterExchange: 'rpc.dlx' };
      const options = use === 'methods' ? methods : { durable: true };
      await remove(queues);
      await inParallel(queues.length, AT_ONCE, (index) =>
        channel.assertQueue(queues[index] ?? '', options),
      );
    },
    delete: remove,
    fill: (queue, count, body) =>
      inParallel(count, AT_ONCE, (task_id) => publish(channel, queue, body(task_id))),
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

function publish(channel: ConfirmChannel, queue: string, body: unknown): Promise<void> {
  const options = { persistent: true, contentType: 'application/json' };
  const content = Buffer.from(JSON.stringify(body));
  return new Promise((resolve, reject) => {
    channel.sendToQueue(queue, content, options, (error) => (error ? reject(error) : resolve()));
  });
}
