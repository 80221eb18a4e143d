// Many tasks from a stream; the one line that is no task fails alone.
import { jsonCodec } from '@leveret/codec-json';
import { connect } from '@leveret/core';
import { Master } from '@leveret/master';

const { AMQP_URL = 'amqp://guest:guest@localhost/' } = process.env;
await using connection = await connect(AMQP_URL);
await using channel = await connection.channel();
const master = new Master<{ resize: { n: number } }>(channel, { codec: jsonCodec() });
const queue = await master.createQueue('resize');

/** As a file or a database would give them. */
async function* lines(): AsyncGenerator<string> {
  for (let n = 0; n < 2_000; n++) yield n === 1_000 ? '"no task"' : `{"n":${n}}`;
}

async function* payloads(): AsyncGenerator<{ n: number }> {
  for await (const line of lines()) yield JSON.parse(line);
}

const { created, failed, failures } = await master.createTasks('resize', payloads(), {
  onProgress: ({ created }) => {
    if (process.stdout.isTTY) process.stdout.write(`\r${created}\r`);
  },
});
console.log(`created ${created}, failed ${failed}`);
for (const { index, error } of failures) console.log(`task ${index}: ${error?.code}`);
await queue.delete();
