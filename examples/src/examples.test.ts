import { describeWithBroker } from '@leveret/testkit/vitest';
import { expect, test } from 'vitest';
import { type Program, run } from './run.fixture.ts';

const patient = { timeout: 30_000 };

async function linesOf(program: Program): Promise<readonly string[]> {
  await using ending = program;
  expect(await ending.ended(), ending.errors()).toBe(0);
  expect(ending.errors()).toBe('');
  return ending.output().trimEnd().split('\n');
}

describeWithBroker('examples', (getUrl) => {
  const start = (file: string): Program => run(file, { AMQP_URL: getUrl() });

  test(
    'a master creates tasks before the first worker is up, which works them off and stops on SIGINT',
    patient,
    async () => {
      expect(await linesOf(start('master.js'))).toEqual(['created 1001 tasks']);
      await using worker = start('worker.js');
      await worker.printed('task 997 done');
      worker.signal('SIGINT');
      const lines = await linesOf(worker);
      const done = Array.from({ length: 1001 }, (_, id) => id).filter((id) => id % 2 && id % 3);
      expect(lines.at(0)).toBe('waiting for tasks');
      expect(new Set(lines.slice(1, -1))).toEqual(new Set(done.map((id) => `task ${id} done`)));
      expect(lines.at(-1)).toBe('stopped');
    },
  );

  test('a callee answers a caller and stops on SIGTERM', patient, async () => {
    await using callee = start('rpc-callee.js');
    await callee.printed('waiting for calls');
    expect(await linesOf(start('rpc-caller.js'))).toEqual([
      '100 * 7 = 700',
      '1 + 2 = 3',
      '6 * 7 = 42',
    ]);
    callee.signal('SIGTERM');
    expect(await linesOf(callee)).toEqual(['waiting for calls', 'stopped']);
  });

  test('codecs are composed and chosen by content type', patient, async () => {
    const lines = await linesOf(start('codecs.js'));
    expect(lines.map((line) => line.replace(/ in \d+ bytes$/, ''))).toEqual([
      'task: application/msgpack, no encoding: 380 characters',
      'task: application/json, no encoding: 380 characters',
      'task: application/json, gzip: 380 characters',
      'call: application/msgpack, no encoding: 380',
      'call: application/json, no encoding: 380',
      'call: application/json, gzip: 380',
    ]);
  });

  test('core publishes, gets, iterates, consumes and commits', patient, async () => {
    expect(await linesOf(start('core.js'))).toEqual([
      'get: user.created 1 hi',
      'get of an empty queue: undefined',
      'iterate: user.created first',
      'iterate: user.deleted second',
      'consume: user.created third',
      'deleted',
    ]);
  });

  test('the second driver tells what the broker says of itself', patient, async () => {
    const lines = await linesOf(start('driver.js'));
    expect(lines).toEqual([expect.stringMatching(/^product: (?!unknown$)\w/), 'message: hi']);
  });
});
