import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createInbox, deadline } from '@leveret/testkit';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import { expect, onTestFinished, test } from 'vitest';
import { READY } from './task-process.fixture.ts';
import { leftIn, openWorkbench } from './workbench.fixture.ts';

const TASKS = 2000;

// Node 20 does not read TypeScript; vitest's own Vite does, so that these processes run the sources as the tests do.
const SCRIPT = `
  import { createViteServer } from 'vitest/node';
  const [, fixture, ...rest] = process.argv;
  const conditions = ['@leveret/source'];
  const server = await createViteServer({
    configFile: false,
    logLevel: 'error',
    appType: 'custom',
    server: { middlewareMode: true, ws: false, hmr: false, watch: null },
    optimizeDeps: { noDiscovery: true },
    ssr: { resolve: { conditions }, noExternal: [/^@leveret\\//] },
  });
  const { work } = await server.ssrLoadModule(fixture);
  await work(...rest);
  await server.close();`;

/** Starts a process that works tasks off, and calls `onTask` with the number of each. Resolves once it takes tasks. */
async function startWorker(
  url: string,
  name: string,
  onTask: (n: number) => void,
): Promise<ChildProcess> {
  const fixture = fileURLToPath(new URL('./task-process.fixture.ts', import.meta.url));
  const args = ['--input-type=module', '--eval', SCRIPT, '--', fixture, url, name];
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const child = spawn(process.execPath, args, { cwd, stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  child.stdin.on('error', () => {}); // a process that was killed reads no more
  const ready = createInbox<void>('a process that takes tasks');
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line === READY) ready.push();
    else onTask(Number(line));
  });
  await ready.next(30_000);
  return child;
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
    victim.kill('SIGKILL');
    await deadline(once(victim, 'exit'), 10_000, 'the end of the killed process');
    await all.next(60_000);
    survivor.stdin?.end();
    const [code] = await deadline(once(survivor, 'exit'), 20_000, 'the end of the other process');

    expect(code).toBe(0);
    expect(worked.victim).toBeGreaterThan(0);
    expect(worked.survivor).toBeGreaterThan(0);
    expect(worked.victim + worked.survivor).toBeGreaterThanOrEqual(TASKS);
    expect(await leftIn(name, bench)).toBe(0);
  });
});
