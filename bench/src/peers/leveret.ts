import { jsonCodec } from '@leveret/codec-json';
import { type Channel, connect } from '@leveret/core';
import { Master } from '@leveret/master';
import { RPC } from '@leveret/rpc';
import { inParallel, type Load, type Measure, measure, type Peer } from '../peer.ts';
import { check } from './raw.ts';

const codec = jsonCodec();

/** Leveret's own patterns: `Master`, `Worker`, `RPC`, with all that they promise. */
export const leveret: Peer = {
  publish: (load) =>
    withChannel(load, (channel) => {
      const master = new Master<Tasks>(channel, { codec });
      return measure(load.operations, () => createAll(master, load, load.inFlight));
    }),

  consume: (load) =>
    withChannel(load, async (channel) => {
      const master = new Master<Tasks>(channel, { codec });
      await createAll(master, load, 500);
      return measure(load.operations, () => workAll(master, load));
    }),

  call: (load) =>
    withChannel(load, (client) =>
      withChannel(load, async (server) => {
        const caller = await RPC.create<Api>(client, { codec });
        const callee = await RPC.create<Api>(server, { codec });
        await callee.register(load.queue, ({ x, y }) => x * y, { prefetch: load.inFlight });
        return measure(load.operations, () =>
          inParallel(load.operations, load.inFlight, async (x) =>
            check(await caller.call(load.queue, { x, y: 7 }), x * 7),
          ),
        );
      }),
    ),
};

type Tasks = Record<string, { task_id: number }>;
type Api = Record<string, (args: { x: number; y: number }) => number>;

async function withChannel(
  { url }: Load,
  use: (channel: Channel) => Promise<Measure>,
): Promise<Measure> {
  const connection = await connect(url);
  const channel = await connection.channel();
  try {
    return await use(channel);
  } finally {
    await connection.close();
  }
}

function createAll(
  master: Master<Tasks>,
  { queue, operations }: Load,
  width: number,
): Promise<void> {
  return inParallel(operations, width, (task_id) => master.createTask(queue, { task_id }));
}

function workAll(master: Master<Tasks>, { queue, operations, inFlight }: Load): Promise<void> {
  let sum = 0;
  let count = 0;
  return new Promise((resolve, reject) => {
    master
      .createWorker(
        queue,
        ({ task_id }) => {
          sum += task_id;
          if (++count < operations) return;
          check(sum, (operations * (operations - 1)) / 2);
          setImmediate(() => setImmediate(resolve));
        },
        { prefetch: inFlight },
      )
      .catch(reject);
  });
}
