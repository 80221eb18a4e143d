// A handler that ignores its timeout holds up nobody, and the health of the worker says so.
import { jsonCodec } from '@leveret/codec-json';
import { connect } from '@leveret/core';
import { Master } from '@leveret/master';

const { AMQP_URL = 'amqp://guest:guest@localhost/' } = process.env;
await using connection = await connect(AMQP_URL);
await using channel = await connection.channel();
const master = new Master<{ crawl: { url: string } }>(channel, { codec: jsonCodec() });

let finish = (): void => {};
const done = new Promise<void>((resolve) => {
  finish = resolve;
});
const worker = await master.createWorker(
  'crawl',
  ({ url }, { signal }) => {
    signal.addEventListener('abort', () => console.log(`time is over for ${url}`));
    if (url === 'endless') return new Promise(() => {});
    console.log(`${url} done`);
    return finish();
  },
  { timeout: 100, timeoutGrace: 50, onStuck: 'reject', concurrency: 1, autoDelete: true },
);
await master.proxy.crawl({ url: 'endless' });
await master.proxy.crawl({ url: 'short' });
await done;
const { live, stuck } = worker.health();
console.log(`live: ${live}, stuck: ${stuck}`);
