import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { visit } from './cli/client.fixture.ts';

const program = fileURLToPath(new URL('../bin/leveret-broker.js', import.meta.url));

/** Runs the built command as a process of its own. */
function start(...args: readonly string[]) {
  const child = spawn(process.execPath, [program, ...args]);
  child.stdout.setEncoding('utf8');
  const ended = Promise.all([once(child, 'close'), text(child.stderr)]).then(([[code], err]) => ({
    code,
    err,
  }));
  return {
    child,
    ended,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

test.each(['SIGINT', 'SIGTERM'] as const)(
  'the built command serves clients until %s, sums up and ends with 0',
  { timeout: 30_000 },
  async (signal) => {
    await using command = start('--port', '0');
    const { child, ended } = command;
    let out = '';
    child.stdout.on('data', (chunk: string) => {
      out += chunk;
    });
    await Promise.race([once(child.stdout, 'data'), ended]);
    using client = await visit(out.split('\n')[0] ?? '');
    child.kill(signal);
    expect(await ended).toEqual({ code: 0, err: '' });
    await client.closed;
    expect(out).toMatch(/^published +3$/m);
  },
);

test('the built command refuses wrong arguments with 2', { timeout: 30_000 }, async () => {
  await using command = start('--port', 'x');
  expect(await command.ended).toEqual({
    code: 2,
    err: "leveret-broker: INVALID_ARGUMENT: --port must be a whole number, got 'x'\n",
  });
});
