import { type Channel, Connection } from 'rabbitmq-client';
import { inParallel, type Load, type Measure, measure, type Peer } from '../peer.ts';

/** Channels of `rabbitmq-client`, used by hand in the best way known: one merged ack per turn, no Nagle. */
export const raw: Peer = {
  publish: (load) =>
    withChannel(load, async (channel) => {
      await channel.confirmSelect();
      return measure(load.operations, () =>
        inParallel(load.operations, load.inFlight, (task_id) =>
          publishTask(channel, load, task_id),
        ),
      );
    }),

  consume: (load) =>
    withChannel(load, async (channel) => {
      await fill(channel, load);
      await channel.basicQos({ prefetchCount: load.inFlight });
      return measure(load.operations, () => consumeAll(channel, load));
    }),

  call: (load) =>
    withChannel(load, (client) =>
      withChannel(load, async (server) => {
        await serve(server, load);
        const call = await caller(client, load);
        return measure(load.operations, () =>
          inParallel(load.operations, load.inFlight, async (x) => check(await call(x, 7), x * 7)),
        );
      }),
    ),
};

async function withChannel(
  { url }: Load,
  use: (channel: Channel) => Promise<Measure>,
): Promise<Measure> {
  const connection = new Connection({ url, noDelay: true, frameMax: 131_072 });
  const channel = await connection.acquire();
  try {
    return await use(channel);
  } finally {
    await channel.close();
    await connection.close();
  }
}

function publishTask(channel: Channel, { queue }: Load, task_id: number): Promise<void> {
  return channel.basicPublish({ routingKey: queue, mandatory: true, durable: true }, { task_id });
}

async function fill(channel: Channel, load: Load): Promise<void> {
  await channel.confirmSelect();
  await inParallel(load.operations, 500, (task_id) => publishTask(channel, load, task_id));
}

function consumeAll(channel: Channel, load: Load): Promise<void> {
  const ack = merged((tag) => channel.basicAck({ deliveryTag: tag, multiple: true }));
  let sum = 0;
  let count = 0;
  return new Promise((resolve, reject) => {
    channel
      .basicConsume({ queue: load.queue }, (message) => {
        sum += message.body.task_id;
        ack(message.deliveryTag);
        if (++count < load.operations) return;
        check(sum, (load.operations * (load.operations - 1)) / 2);
        setImmediate(() => setImmediate(resolve));
      })
      .catch(reject);
  });
}

async function serve(channel: Channel, { queue, inFlight }: Load): Promise<void> {
  const ack = merged((tag) => channel.basicAck({ deliveryTag: tag, multiple: true }));
  await channel.basicQos({ prefetchCount: inFlight });
  await channel.basicConsume({ queue }, (message) => {
    const { x, y } = message.body;
    const reply = {
      routingKey: message.replyTo ?? '',
      correlationId: message.correlationId ?? '',
      type: 'result',
    };
    channel.basicPublish(reply, x * y).then(() => ack(message.deliveryTag));
  });
}

async function caller(
  channel: Channel,
  { queue }: Load,
): Promise<(x: number, y: number) => Promise<number>> {
  const replies = await channel.queueDeclare({ exclusive: true, autoDelete: true });
  const pending = new Map<string, (result: number) => void>();
  await channel.basicConsume({ queue: replies.queue, noAck: true }, (message) => {
    const id = message.correlationId ?? '';
    pending.get(id)?.(message.body);
    pending.delete(id);
  });
  let calls = 0;
  return (x, y) =>
    new Promise((resolve, reject) => {
      const correlationId = String(calls++);
      pending.set(correlationId, resolve);
      channel
        .basicPublish(
          {
            routingKey: queue,
            mandatory: true,
            replyTo: replies.queue,
            correlationId,
            type: 'call',
          },
          { x, y },
        )
        .catch(reject);
    });
}

function merged(ack: (tag: number) => void): (tag: number) => void {
  let upTo = 0;
  let scheduled = false;
  return (tag) => {
    upTo = Math.max(upTo, tag);
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      ack(upTo);
    });
  };
}

/** Stops a run that computed nonsense fast. */
export function check(got: number, expected: number): void {
  if (got !== expected) throw new Error(`got ${got} instead of ${expected}`);
}
