import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** An example that runs as a process of its own. */
export interface Program extends AsyncDisposable {
  /** What it has printed on standard output so far. */
  output(): string;
  /** What it has printed on standard error so far. */
  errors(): string;
  /** Resolves when it has printed `text`; rejects when it ends without. */
  printed(text: string): Promise<void>;
  /** Resolves with its exit code, when all that it printed is there. */
  ended(): Promise<number | null>;
  /** Sends it a signal. */
  signal(name: NodeJS.Signals): void;
}

/** Runs a built example, such as `master.js`; `env` is added to a bare environment. */
export function run(file: string, env: Readonly<Record<string, string>>): Program {
  const path = fileURLToPath(new URL(`../dist/${file}`, import.meta.url));
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [path], { env: { PATH, ...env } });
  const out = collect(child, 'stdout');
  const err = collect(child, 'stderr');
  const closed = once(child, 'close');
  const ended = async (): Promise<number | null> => {
    await closed;
    return child.exitCode;
  };
  return {
    output: out,
    errors: err,
    printed: async (text) => {
      const end = closed.then(() => 'closed' as const);
      while (!out().includes(text))
        if (
          (await Promise.race([once(child.stdout, 'data'), end])) === 'closed' &&
          !out().includes(text)
        )
          throw new Error(`${file} ended without "${text}": ${out()}${err()}`);
    },
    ended,
    signal: (name) => void child.kill(name),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await closed;
    },
  };
}

function collect(child: ChildProcess, name: 'stdout' | 'stderr'): () => string {
  let text = '';
  child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}
