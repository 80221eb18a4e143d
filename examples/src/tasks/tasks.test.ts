import { describeWithBroker } from '@leveret/testkit/vitest';
import { expect, test } from 'vitest';
import { type Program, run } from '../run.fixture.ts';

const patient = { timeout: 30_000 };

async function linesOf(program: Program): Promise<readonly string[]> {
  await using ending = program;
  expect(await ending.ended(), ending.errors()).toBe(0);
  expect(ending.errors()).toBe('');
  return ending.output().trimEnd().split('\n');
}

const printed: Record<string, readonly string[]> = {
  retry: [
    'try 1 failed, again in a moment',
    'try 2 failed, again in a moment',
    'order 1 charged at try 3',
  ],
  delay: ['now', 'soon', 'later'],
  'dead-letters': [
    'task-1: attempts after 1, SyntaxError: cannot read ünïcode',
    'read ünïcode',
    '1 requeued, 0 left',
  ],
  timeout: ['time is over for endless', 'short done', 'live: true, stuck: 1'],
  batch: ['created 1999, failed 1', 'task 1000: INVALID_MESSAGE'],
  middleware: [
    'begin first, trace abc',
    'charging 1',
    'end first',
    'begin first, trace abc',
    'end first',
    'begin last, trace abc',
    'charging 1',
    'end last',
  ],
};

describeWithBroker('examples of tasks in production', (getUrl) => {
  test.for(Object.entries(printed))('%s', patient, async ([name, lines]) => {
    expect(await linesOf(run(`tasks/${name}.js`, { AMQP_URL: getUrl() }))).toEqual(lines);
  });

  test('health answers probes, and ends by itself on SIGTERM', patient, async () => {
    await using service = run('tasks/health.js', { AMQP_URL: getUrl() });
    await service.printed('\n');
    const port = /port (\d+)/.exec(service.output())?.[1];
    for (const path of ['live', 'ready']) {
      const { status } = await fetch(`http://127.0.0.1:${port}/${path}`, {
        headers: { connection: 'close' },
      });
      expect([path, status]).toEqual([path, 200]);
    }
    const metrics = await fetch(`http://127.0.0.1:${port}/metrics`, {
      headers: { connection: 'close' },
    });
    expect(await metrics.text()).toContain('tasks{what="succeeded"} 0');
    service.signal('SIGTERM');
    expect(await service.ended()).toBe(0);
    expect(service.output()).toContain('closed after SIGTERM, 0 errors');
  });
});
