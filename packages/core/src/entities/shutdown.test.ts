import { once } from 'node:events';
import process from 'node:process';
import { createInbox, type Inbox } from '@leveret/testkit';
import { type SourceProcess, startSource } from '@leveret/testkit/vitest';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { deferred } from '../internal/deferred.ts';
import { READY } from './shutdown.fixture.ts';
import { shutdownOn } from './shutdown.ts';

const WAIT = 20_000;

interface Service extends SourceProcess {
  readonly lines: Inbox<string>;
  /** How it ended, once all that it wrote has arrived. */
  readonly exit: Promise<unknown[]>;
}

async function start(what: string): Promise<Service> {
  const lines = createInbox<string>('a line');
  const fixture = new URL('./shutdown.fixture.ts', import.meta.url);
  const service = startSource(fixture, [what], lines.push);
  const exit = once(service.child, 'close');
  while ((await lines.next(WAIT)) !== READY);
  return { ...service, lines, exit };
}

describe('a process that is told to end', { timeout: 30_000 }, () => {
  test.for(['SIGTERM', 'SIGINT'] as const)(
    'by %s closes everything in order, and ends by itself',
    async (signal) => {
      const { child, lines, exit } = await start('graceful');
      child.kill(signal);
      expect(await exit).toEqual([0, null]);
      expect(lines.drain()).toEqual([
        'begun',
        'closing a',
        'closing b',
        'closed b',
        'closed a',
        'closing last',
        'closed last',
        `done ${signal} 1`,
      ]);
    },
  );

  test('a second time ends by the signal, without waiting', async () => {
    const { child, lines, exit } = await start('hangs');
    child.kill('SIGTERM');
    while ((await lines.next(WAIT)) !== 'closing last');
    child.kill('SIGINT');
    expect(await exit).toEqual([null, 'SIGTERM']);
  });

  test('and does not get there in time ends by the signal', async () => {
    const { child, exit } = await start('times-out');
    child.kill('SIGTERM');
    expect(await exit).toEqual([null, 'SIGTERM']);
  });

  test('after the shutdown was cancelled ends as any process does', async () => {
    const { child, lines, exit } = await start('cancelled');
    child.kill('SIGTERM');
    expect(await exit).toEqual([null, 'SIGTERM']);
    expect(lines.drain()).toEqual([]);
  });
});

describe('handlers of the process', () => {
  test('are installed only when asked, and come off with the shutdown', () => {
    const before = process.listenerCount('SIGUSR2');
    {
      using shutdown = shutdownOn(['SIGUSR2'], []);
      expect(process.listenerCount('SIGUSR2')).toBe(before + 1);
      expect(shutdown.signal.aborted).toBe(false);
    }
    expect(process.listenerCount('SIGUSR2')).toBe(before);
  });

  test('come off for good when it is cancelled on the way, and everything is closed all the same', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const before = process.listenerCount('SIGUSR2');
    const closing = deferred();
    const shutdown = shutdownOn(['SIGUSR2'], [{ close: () => closing.promise }], { timeout: 100 });
    process.kill(process.pid, 'SIGUSR2');
    await once(shutdown.signal, 'abort');
    expect(shutdown.signal.reason).toMatchObject({ code: 'CLOSED' });
    shutdown.cancel();
    expect(process.listenerCount('SIGUSR2')).toBe(before);
    vi.advanceTimersByTime(150); // with its timer left behind, this process would end here
    expect(vi.getTimerCount()).toBe(0);
    closing.resolve();
    expect(await shutdown.done).toMatchObject({ signal: 'SIGUSR2', errors: [] });
    expect((await shutdown.done).duration).toBeGreaterThan(100);
  });

  test.for([
    ['signals', [[], []]],
    ['signals', ['SIGTERM', []]],
    ['signals[1]', [['SIGTERM', 'SIGKILL'], []]],
    ['signals[0]', [[15], []]],
    ['signals[0]', [['term'], []]],
    ['closables', [['SIGTERM'], {}]],
    ['closables[0].close', [['SIGTERM'], [undefined]]],
    ['closables[2].close', [['SIGTERM'], [[{ close() {} }, { close() {} }], [], {}]]],
    ['closables[1][0].close', [['SIGTERM'], [{ close() {} }, [{}]]]],
    ['timeout', [['SIGTERM'], [], { timeout: -1 }]],
    ['options', [['SIGTERM'], [], 5]],
  ] as const)('are not installed over bad %s, which are INVALID_ARGUMENT', ([field, args]) => {
    const before = process.listenerCount('SIGTERM');
    expect(() => Reflect.apply(shutdownOn, undefined, args)).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining(field),
      }),
    );
    expect(process.listenerCount('SIGTERM')).toBe(before);
  });
});
