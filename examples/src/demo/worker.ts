// A worker process of the demo.
import { setTimeout as pause } from 'node:timers/promises';
import { jsonCodec } from '@leveret/codec-json';
import { connect } from '@leveret/core';
import { Master } from '@leveret/master';
import { QUEUE, type Tasks, taskName } from './names.ts';
import { serve, tell } from './serve.ts';

await serve(async ({ url, run }) => {
  const connection = await connect(url, { name: 'leveret demo worker' });
  const master = new Master<Tasks>(await connection.channel(), { codec: jsonCodec() });
  await master.createWorker(
    taskName(run),
    async ({ id }) => {
      await pause(1 + (id % 5)); // work, some of it harder
      tell({ kind: 'task', id });
    },
    { ...QUEUE, prefetch: 5 },
  );
  return connection;
});
