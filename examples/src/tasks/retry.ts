// A task fails twice, waits in the broker each time, and succeeds at its third try.
import { jsonCodec } from '@leveret/codec-json';
import { connect } from '@leveret/core';
import { Master } from '@leveret/master';

const { AMQP_URL = 'amqp://guest:guest@localhost/' } = process.env;
await using connection = await connect(AMQP_URL);
await using channel = await connection.channel();
const master = new Master<{ flaky: { order: number } }>(channel, { codec: jsonCodec() });

let finish = (): void => {};
const done = new Promise<void>((resolve) => {
  finish = resolve;
});
connection.on('event', (event) => {
  if (event.type === 'task-retried') console.log(`try ${event.attempt} failed, again in a moment`);
});
await master.createWorker(
  'flaky',
  ({ order }, { attempt }) => {
    if (attempt < 3) throw new Error('the bank is closed');
    console.log(`order ${order} charged at try ${attempt}`);
    finish();
  },
  {
    retry: { attempts: 5, backoff: { type: 'fixed', delay: 500 } },
    deadLetters: false,
    autoDelete: true,
  },
);
await master.proxy.flaky({ order: 1 });
await done;
