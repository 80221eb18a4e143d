import { describeWithBroker } from '@leveret/testkit/vitest';
import { expect, test } from 'vitest';
import { run } from '../run.fixture.ts';

const MAIN = 'demo/main.js';
const patient = { timeout: 30_000 };

test('the demo says in one sentence that a URL is no use', patient, async () => {
  await using demo = run(MAIN, { AMQP_URL: 'nonsense' });
  expect(await demo.ended()).toBe(1);
  expect(demo.errors()).toMatch(/^demo: INVALID_ARGUMENT: [^\n]*\n$/);
});

test('the demo brings its own broker where no URL is given', patient, async () => {
  await using demo = run(MAIN, { AMQP_URL: '' });
  await demo.printed('Using the embedded broker');
  expect(await demo.ended(), demo.errors()).toBe(0);
});

describeWithBroker('demo', (getUrl) => {
  test('shares tasks out, checks calls and sums up', patient, async () => {
    await using demo = run(MAIN, { AMQP_URL: getUrl() });
    expect(await demo.ended(), demo.errors()).toBe(0);
    const output = demo.output();
    const shares = Array.from(output.matchAll(/^worker \d +(\d+) /gm), ([, done]) => Number(done));
    expect(shares).toHaveLength(3);
    expect(Math.min(...shares)).toBeGreaterThan(100);
    expect(shares.reduce((sum, share) => sum + share)).toBe(1000);
    expect(output).toMatch(/^all +1000 /m);
    for (const codec of ['JSON', 'MessagePack']) {
      expect(output).toMatch(new RegExp(`^1000 calls, ${codec} +100%$`, 'm'));
      expect(output).toMatch(new RegExp(`^${codec} +\\d+ +[\\d.]+ ms +[\\d.]+ ms$`, 'm'));
    }
    expect(output).not.toContain('\r');
    expect(output).not.toContain('\u001b');
  });

  test('ends with the code of the signal that stopped it', patient, async () => {
    await using demo = run(MAIN, { AMQP_URL: getUrl() });
    await demo.printed('Ready');
    demo.signal('SIGTERM');
    expect(await demo.ended()).toBe(143);
    expect(demo.errors()).toBe('demo: stopped by SIGTERM\n');
  });
});
