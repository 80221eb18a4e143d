// Many tasks from a stream, with their progress; one that is no task fails alone.
import { jsonCodec } from '@leveret/codec-json';
import { connect } from '@leveret/core';
import { Master } from '@leveret/master';

const { AMQP_URL = 'amqp://guest:guest@localhost/' } = process.env;
await using connection = await connect(AMQP_URL);
await using channel = await connection.channel();
const master = new Master<{ resize: { n: number } }>(channel, { codec: jsonCodec() });
const queue = await master.createQueue('resize');

async function* payloads(): AsyncGenerator<{ n: number }> {
  for (let n = 0; n < 2_000; n++) yield n === 1_000 ? { n: Number(`1${'0'.repeat(400)}`) } : { n };
}

let told = 0;
const { created, failed, failures } = await master.createTasks('resize', payloads(), {
  each: ({ n }) => (Number.isFinite(n) ? {} : { priority: -1 }),
  onProgress: ({ created }) => {
    told = created; // a progress bar would be drawn here
  },
});
console.log(`created ${created}, failed ${failed}, told of ${told}`);
for (const { index, error } of failures) console.log(`task ${index}: ${error?.code}`);
await queue.delete();
