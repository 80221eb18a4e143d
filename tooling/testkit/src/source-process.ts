// Runs a fixture, which is TypeScript, in a process of its own: one that can be killed.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { deadline } from './deadline.ts';

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
  const { main } = await server.ssrLoadModule(fixture);
  await main(...rest);
  await server.close();`;

/** A fixture that runs in a process of its own. */
export interface SourceProcess {
  readonly child: ChildProcess;
  /** Kills it with SIGKILL and waits for its end. */
  kill(): Promise<void>;
  /** Ends its standard input, which fixtures take as the end, and gives its exit code once it is gone. */
  finish(): Promise<number | null>;
}

/**
 * Runs the function `main` of a fixture with `args` in a process of its own, and gives each line that it prints to `onLine`.
 * What it prints to standard error is shown.
 *
 * @example
 * const lines = createInbox<string>('a line of the worker');
 * const worker = startSource(new URL('./worker.fixture.ts', import.meta.url), [url], lines.push);
 */
export function startSource(
  fixture: URL,
  args: readonly string[],
  onLine: (line: string) => void,
): SourceProcess {
  const file = fileURLToPath(fixture);
  const child = spawn(
    process.execPath,
    ['--input-type=module', '--eval', SCRIPT, '--', file, ...args],
    { cwd: dirname(file), stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const exit = once(child, 'exit');
  onTestFinished(() => void child.kill('SIGKILL'));
  child.stdin.on('error', () => {}); // a process that was killed reads no more
  createInterface({ input: child.stdout }).on('line', onLine);
  const gone = async (): Promise<number | null> => {
    await deadline(exit, 20_000, 'the end of the process');
    return child.exitCode;
  };
  return {
    child,
    kill: async () => {
      child.kill('SIGKILL');
      await gone();
    },
    finish: () => {
      child.stdin.end();
      return gone();
    },
  };
}
