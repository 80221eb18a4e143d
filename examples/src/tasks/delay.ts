// Tasks that were created first come last: each waits in the broker until it is due.
import { jsonCodec } from '@leveret/codec-json';
import { connect } from '@leveret/core';
import { Master } from '@leveret/master';

const { AMQP_URL = 'amqp://guest:guest@localhost/' } = process.env;
await using connection = await connect(AMQP_URL);
await using channel = await connection.channel();
const master = new Master<{ remind: { what: string } }>(channel, { codec: jsonCodec() });

let finish = (): void => {};
const done = new Promise<void>((resolve) => {
  finish = resolve;
});
await master.createWorker(
  'remind',
  ({ what }) => {
    console.log(what);
    if (what === 'later') finish();
  },
  { autoDelete: true },
);
await master.proxy.remind({ what: 'later' }, { at: new Date(Date.now() + 2_000) });
await master.proxy.remind({ what: 'soon' }, { delay: 600 });
await master.proxy.remind({ what: 'now' });
await done;
