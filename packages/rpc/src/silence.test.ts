// No promise stays pending for ever: all of it is asked over a link on which nothing passes any more.
import { jsonCodec } from '@leveret/codec-json';
import { TimeoutError } from '@leveret/core';
import { deadline, publicMethods } from '@leveret/testkit';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import { expect, test } from 'vitest';
import { RPC } from './rpc.ts';
import { openFragile, reasonOf, type Workbench } from './workbench.fixture.ts';

const TIMEOUT = 120;
const AT_MOST = 3000;

interface Silent extends Workbench<Record<string, (args: unknown) => unknown>> {
  /** Name of a method that is registered. */
  readonly method: string;
}

/** What each method does about it: the operation that times out, `RPC_TIMEOUT`, or that it ends all the same. */
type Row = readonly [expected: string, (silent: Silent) => Promise<unknown>];

const rows: Record<string, Row> = {
  create: ['queue.declare', ({ channel }) => RPC.create(channel, { codec: jsonCodec() })],
  call: ['RPC_TIMEOUT', ({ rpc, method }) => rpc.call(method, {}, { timeout: TIMEOUT })],
  register: ['queue.declare', ({ rpc }) => rpc.register(uniqueName('other'), () => 1)],
  unregister: ['ends', ({ rpc, method }) => rpc.unregister(method)],
  close: ['ends', ({ rpc }) => rpc.close()],
};

describeWithBroker('over a link that has fallen silent', (getUrl) => {
  const cases = Object.entries(rows).map(([name, [expected, call]]) => ({ name, expected, call }));
  test.for(cases)('$name ends in time: $expected', async ({ expected, call }) => {
    const connection = {
      operationTimeout: TIMEOUT,
      closeTimeout: TIMEOUT,
      backoff: { initial: 10, max: 50 },
    };
    const bench = await openFragile(getUrl(), { connection });
    const method = uniqueName('method');
    await bench.rpc.register(method, () => 1, { autoDelete: true, drainTimeout: TIMEOUT });
    bench.proxy.freeze();
    const outcome = deadline(call({ ...bench, method }), AT_MOST, 'the end');
    if (expected === 'ends') return void (await outcome);
    const reason = await reasonOf(outcome);
    if (expected === 'RPC_TIMEOUT') return expect(reason).toMatchObject({ code: expected });
    expect(reason).toBeInstanceOf(TimeoutError);
    expect(reason).toMatchObject({ operation: expected, timeout: TIMEOUT });
  });

  test('the list above has every method', () => {
    const all = [...publicMethods(RPC), ...publicMethods(RPC.prototype)];
    expect(all.sort()).toEqual(Object.keys(rows).sort());
  });
});
