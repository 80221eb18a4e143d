import { createInbox, deadline } from '@leveret/testkit';
import {
  describeWithBroker,
  type SourceProcess,
  startSource,
  uniqueName,
} from '@leveret/testkit/vitest';
import { expect, onTestFinished, test } from 'vitest';
import { READY } from './rpc-process.fixture.ts';
import { gate, openBareCaller, openWorkbench } from './workbench.fixture.ts';

const CALLS = 20;

/** Starts a process in that role; resolves once it is ready. Every further line goes to `onLine`. */
async function start(
  role: 'caller' | 'callee',
  url: string,
  name: string,
  onLine: (line: string) => void,
): Promise<SourceProcess> {
  const ready = createInbox<void>(`a ${role} that is ready`);
  const fixture = new URL('./rpc-process.fixture.ts', import.meta.url);
  const process = startSource(fixture, [role, url, name, String(CALLS)], (line) => {
    if (line === READY) ready.push();
    else onLine(line);
  });
  await ready.next(30_000);
  return process;
}

/** Has the queue of a method deleted when the test ends. */
function deleteAfterwards(url: string, name: string): void {
  onTestFinished(async () => {
    const { channel } = await openWorkbench(url);
    await (await channel.getQueue(name, { ensure: false })).delete();
  });
}

describeWithBroker('a process that is killed', (getUrl) => {
  test('while it works on calls leaves them to another callee, and each settles once', {
    timeout: 60_000,
  }, async () => {
    const name = uniqueName('method');
    deleteAfterwards(getUrl(), name);
    const working = createInbox<string>('a call that the victim works on');
    const victim = await start('callee', getUrl(), name, working.push);
    const { rpc } = await openWorkbench(getUrl());
    const settled = createInbox<number>('a result');
    const calls = Array.from({ length: CALLS }, (_, n) =>
      rpc.call(name, { n }, { timeout: 30_000 }).then((value) => {
        settled.push(n);
        return value;
      }),
    );
    await working.take(CALLS, 10_000);
    const other = await openWorkbench(getUrl());
    const redelivered = createInbox<boolean>('a call of the other callee');
    await other.rpc.register(name, (args, context) => {
      redelivered.push(context.redelivered);
      return args;
    });
    expect(redelivered.size).toBe(0);
    await victim.kill();
    const results = await deadline(Promise.all(calls), 30_000, 'the results');
    expect(results).toEqual(Array.from({ length: CALLS }, (_, n) => ({ n })));
    expect(settled.size).toBe(CALLS);
    expect(redelivered.drain()).toEqual(Array.from({ length: CALLS }, () => true));
    expect([rpc.pending, rpc.lateReplies]).toEqual([0, 0]);
  });

  test('with calls in flight harms no callee: they are worked off, and others are answered', {
    timeout: 60_000,
  }, async () => {
    const name = uniqueName('method');
    deleteAfterwards(getUrl(), name);
    const callee = await openWorkbench(getUrl());
    const held = gate();
    const begun = createInbox<unknown>('a call');
    await callee.rpc.register(
      name,
      async (args) => {
        begun.push(args);
        await held.opened;
        return args;
      },
      { prefetch: CALLS },
    );
    const caller = await start('caller', getUrl(), name, () => {});
    await begun.take(CALLS, 10_000);
    await caller.kill();
    held.open();
    const { rpc, channel } = await openWorkbench(getUrl());
    expect(await rpc.call(name, { n: 'after' }, { timeout: 10_000 })).toEqual({ n: 'after' });
    expect(callee.channel.status.state).toBe('open');
    expect(callee.events.drain().map(({ type }) => type)).toEqual([]);
    // A reply to a queue that is gone is dropped, and its request acknowledged all the same.
    const bare = await openBareCaller(channel);
    await bare.send(name, { body: Buffer.from('{}'), replyTo: bare.replyTo, correlationId: 'x' });
    await bare.replies.next();
    expect((await channel.getQueue(name)).messageCount).toBe(0);
  });
});
