import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const PATIENCE_MS = 30_000;

/** A command that was typed into a terminal. */
export interface Running {
  /** The whole lines that it has printed so far. */
  lines(): readonly string[];
  /** What it has printed on standard error so far. */
  errors(): string;
  /** Its exit code; `undefined` as long as it runs. */
  code(): number | null | undefined;
  /** Presses Ctrl-C. */
  interrupt(): void;
}

/** Terminals in the root of the repository, on one broker. */
export class Terminals implements AsyncDisposable {
  readonly #url: string;
  readonly #changes = new EventEmitter();
  readonly #kills: (() => Promise<void>)[] = [];

  constructor(url: string) {
    this.#url = url;
  }

  /** Runs a command line as a shell reads it. */
  type(line: string): Running {
    const { PATH = '' } = process.env;
    // `exec` takes the shell away, so that signals reach the command.
    const child = spawn(`exec ${line}`, {
      shell: true,
      cwd: fileURLToPath(new URL('../../..', import.meta.url)),
      env: { PATH: [dirname(process.execPath), PATH].join(delimiter), AMQP_URL: this.#url },
    });
    const closed = once(child, 'close');
    this.#kills.push(async () => {
      child.kill('SIGKILL');
      await closed;
    });
    let [output, errors] = ['', ''];
    let code: number | null | undefined;
    const changed = (): boolean => this.#changes.emit('change');
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      changed();
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      errors += chunk;
    });
    child.on('close', (exitCode) => {
      code = exitCode;
      changed();
    });
    return {
      lines: () => output.split('\n').slice(0, -1),
      errors: () => errors,
      code: () => code,
      interrupt: () => void child.kill('SIGINT'),
    };
  }

  /** Resolves when the condition holds, or when it is too late: what is missing is for the test to show. */
  async until(condition: () => boolean): Promise<void> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    while (!condition() && !signal.aborted)
      await once(this.#changes, 'change', { signal }).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#kills.map((kill) => kill()));
  }
}
