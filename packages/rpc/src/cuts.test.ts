// The link is cut at every byte of a reply, on its way to the broker and on its way to the caller.
import type { Channel } from '@leveret/core';
import { createInbox, deadline } from '@leveret/testkit';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { openFragile, openWorkbench } from './workbench.fixture.ts';

/** Bytes of a reply and its acknowledgement, and a few more; of a delivery of it. */
const REPLY = 260;
const DELIVERY = 260;

function deleteAfterwards({ channel }: { readonly channel: Channel }, name: string): void {
  onTestFinished(
    async () => void (await (await channel.getQueue(name, { ensure: false })).delete()),
  );
}

describeWithBroker('a reply whose link is cut', (getUrl) => {
  test('at any byte on its way from the callee comes all the same, once', {
    timeout: 60_000,
  }, async () => {
    const caller = await openWorkbench(getUrl());
    const callee = await openFragile(getUrl(), {
      connection: { backoff: { initial: 1, max: 1 } },
    });
    const name = uniqueName('method');
    let cut = (): void => {};
    await callee.rpc.register(name, (args, { redelivered }) => {
      if (!redelivered) cut();
      return args;
    });
    deleteAfterwards(caller, name);
    for (let bytes = 0; bytes <= REPLY; bytes++) {
      cut = () => void callee.proxy.cutAfter('toServer', bytes, { reset: bytes % 2 === 1 });
      const call = caller.rpc.call(name, { bytes }, { timeout: 10_000 });
      expect(await deadline(call, 11_000, `the reply cut at ${bytes}`)).toEqual({ bytes });
      callee.proxy.heal();
    }
    expect(caller.rpc.pending).toBe(0);
  });

  test('at any byte on its way to the caller is a result or CONNECTION_LOST, once and in time', {
    timeout: 60_000,
  }, async () => {
    const callee = await openWorkbench(getUrl());
    const caller = await openFragile(getUrl(), {
      connection: { backoff: { initial: 1, max: 1 } },
    });
    const name = uniqueName('method');
    let cut = (): void => {};
    await callee.rpc.register(name, (args) => {
      cut();
      return args;
    });
    deleteAfterwards(callee, name);
    const outcomes = createInbox<string>('an outcome');
    for (let bytes = 0; bytes <= DELIVERY; bytes++) {
      cut = () => void caller.proxy.cutAfter('toClient', bytes, { reset: bytes % 2 === 1 });
      const call = caller.rpc.call(name, { bytes }, { timeout: 10_000 }).then(
        (value) => (JSON.stringify(value) === JSON.stringify({ bytes }) ? 'result' : 'another'),
        (error) => String(error.code),
      );
      outcomes.push(await deadline(call, 11_000, `the call cut at ${bytes}`));
      caller.proxy.heal();
    }
    const counts = new Set(outcomes.drain());
    expect(counts).toEqual(new Set(['CONNECTION_LOST', 'result']));
    expect(caller.rpc.pending).toBe(0);
  });

  test('at random bytes of many in flight, either way, leaves each call settled once', {
    timeout: 60_000,
  }, async () => {
    const callee = await openFragile(getUrl(), { connection: { backoff: { initial: 1, max: 1 } } });
    const caller = await openFragile(getUrl(), { connection: { backoff: { initial: 1, max: 1 } } });
    const name = uniqueName('method');
    await callee.rpc.register(name, (args) => args);
    const helper = await openWorkbench(getUrl());
    deleteAfterwards(helper, name);
    const cut = fc.record({
      side: fc.constantFrom(caller.proxy, callee.proxy),
      direction: fc.constantFrom('toServer' as const, 'toClient' as const),
      bytes: fc.nat(8000),
      reset: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(cut, async ({ side, direction, bytes, reset }) => {
        void side.cutAfter(direction, bytes, { reset });
        const times = new Map<number, number>();
        const note = (n: number) => () => void times.set(n, (times.get(n) ?? 0) + 1);
        const calls = Array.from({ length: 40 }, (_, n) =>
          caller.rpc.call(name, { n }, { timeout: 10_000 }).then(note(n), note(n)),
        );
        await deadline(Promise.all(calls), 11_000, 'the calls');
        side.heal();
        expect([...times.values()]).toEqual(calls.map(() => 1));
        expect(caller.rpc.pending).toBe(0);
      }),
      { numRuns: 25 },
    );
  });
});
