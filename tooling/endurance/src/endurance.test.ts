// Runs the built program, as `npm run endurance` does, small: the figures of a run are in its report.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** Runs it; gives its exit code, and all that it printed. */
async function endurance(...args: readonly string[]): Promise<{ code: number; text: string }> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  const [code] = await once(child, 'close');
  return { code, text };
}

const patient = { timeout: 180_000 };

describe('endurance on the embedded broker', () => {
  test('no task is lost and every call settles over kills and cuts', patient, async () => {
    const args = ['--embedded', '--tasks', '6000', '--calls', '600', '--kills', '2', '--seed', '1'];
    const { code, text } = await endurance('restart', ...args);
    expect(text).toContain('| confirmed | 6000 |');
    expect(text).toContain('| **lost** | 0 |');
    expect(text).toContain('| **never settled** | 0 |');
    expect(text).toMatch(/^faults: .*\bkill [12]\b/m);
    expect(code, text).toBe(0);
  });

  test('workers may be killed meanwhile', patient, async () => {
    const args = ['--embedded', '--tasks', '6000', '--calls', '600', '--kills', '0', '--no-cuts'];
    const { code, text } = await endurance('restart', ...args, '--kill-workers', '--seed', '6');
    expect(text).toMatch(/worker processes killed: [1-9]/);
    expect(text).toContain('| **lost** | 0 |');
    expect(code, text).toBe(0);
  });

  test('nor over whatever a second brings, and nothing leaks', patient, async () => {
    const { code, text } = await endurance('soak', '--embedded', '--seconds', '5', '--seed', '3');
    expect(text).toContain('| **lost** | 0 |');
    expect(text).toContain('| **never settled** | 0 |');
    expect(text).toMatch(/heap of creator/);
    expect(code, text).toBe(0);
  });

  test('a wrong command line is told, with the usage', async () => {
    const { code, text } = await endurance('swim');
    expect(text).toContain('usage: npm run endurance');
    expect(code).toBe(2);
  });
});
