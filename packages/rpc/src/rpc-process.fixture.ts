// Not a test of its own: killed.test.ts runs this module in processes that it kills.
import { once } from 'node:events';
import process from 'node:process';
import { jsonCodec } from '@leveret/codec-json';
import { connect } from '@leveret/core';
import { RPC } from './rpc.ts';

/** What a process writes once it does what it is for. */
export const READY = 'ready';

/**
 * A caller that has calls in flight, or a callee that works on whatever it is asked, for ever. Ends when its standard
 * input does.
 */
export async function main(
  role: 'caller' | 'callee',
  url: string,
  name: string,
  count: string,
): Promise<void> {
  const connection = await connect(url, { closeTimeout: 1000 });
  const channel = await connection.channel({ drainTimeout: 0 });
  const rpc = await RPC.create(channel, { codec: jsonCodec() });
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  if (role === 'callee') {
    await rpc.register(name, () => {
      say('working');
      return new Promise<never>(() => {});
    });
    say(READY);
  } else {
    for (let n = 0; n < Number(count); n++) rpc.call(name, { n }).catch(() => say('failed'));
    say(READY);
  }
  process.stdin.resume();
  await once(process.stdin, 'end');
  await rpc.close();
  await connection.close();
}
