import { createInbox } from '@leveret/testkit';
import {
  describeWithBroker,
  type SourceProcess,
  startSource,
  uniqueName,
} from '@leveret/testkit/vitest';
import { expect, onTestFinished, test } from 'vitest';
import { READY } from './task-process.fixture.ts';
import { leftIn, openWorkbench } from './workbench.fixture.ts';

const TASKS = 2000;

/** Starts a process that works tasks off, and calls `onTask` with the number of each. Resolves once it takes tasks. */
async function startWorker(
  url: string,
  name: string,
  onTask: (n: number) => void,
): Promise<SourceProcess> {
  const ready = createInbox<void>('a process that takes tasks');
  const fixture = new URL('./task-process.fixture.ts', import.meta.url);
  const worker = startSource(fixture, [url, name], (line) => {
    if (line === READY) ready.push();
    else onTask(Number(line));
  });
  await ready.next(30_000);
  return worker;
}

describeWithBroker('a worker process that is killed', (getUrl) => {
  test('loses no task: another process gets those that it had in hand', {
    timeout: 90_000,
  }, async () => {
    const bench = await openWorkbench(getUrl());
    const { master } = bench;
    const name = uniqueName('task');
    await master.createQueue(name);
    onTestFinished(async () => {
      const { channel: other } = await openWorkbench(getUrl());
      await (await other.getQueue(name, { ensure: false })).delete();
    });
    const pending = new Set(Array.from({ length: TASKS }, (_, n) => n));
    const halfWay = createInbox<void>('half of the tasks');
    const all = createInbox<void>('all of the tasks');
    const worked = { victim: 0, survivor: 0 };
    const note = (by: keyof typeof worked) => (n: number) => {
      worked[by] += 1;
      pending.delete(n);
      if (pending.size === TASKS / 2) halfWay.push();
      if (pending.size === 0) all.push();
    };
    const [victim, survivor] = await Promise.all([
      startWorker(getUrl(), name, note('victim')),
      startWorker(getUrl(), name, note('survivor')),
    ]);

    await Promise.all([...pending].map((n) => master.createTask(name, { n })));
    await halfWay.next(60_000);
    await victim.kill();
    await all.next(60_000);
    expect(await survivor.finish()).toBe(0);
    expect(worked.victim).toBeGreaterThan(0);
    expect(worked.survivor).toBeGreaterThan(0);
    expect(worked.victim + worked.survivor).toBeGreaterThanOrEqual(TASKS);
    expect(await leftIn(name, bench)).toBe(0);
  });
});
