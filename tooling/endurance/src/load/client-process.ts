import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { deadline } from '@leveret/testkit';
import type { ClientPlan, FromClient, Role, ToClient } from '../protocol.ts';

const READY_MS = 60_000;
const CLOSE_MS = 60_000;
const EXIT_MS = 10_000;

const programs: Readonly<Record<Role, string>> = {
  creator: fileURLToPath(new URL('../clients/creator.js', import.meta.url)),
  worker: fileURLToPath(new URL('../clients/worker.js', import.meta.url)),
};

/** A client in a process of its own. */
export class ClientProcess {
  readonly role: Role;
  readonly #child: ChildProcess;
  readonly #listeners = new Set<(message: FromClient) => void>();
  readonly #exit: Promise<unknown>;
  #exited = false;

  private constructor(role: Role, plan: ClientPlan) {
    this.role = role;
    this.#child = fork(programs[role], [JSON.stringify(plan)], {
      execArgv: ['--expose-gc'],
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#exit = once(this.#child, 'exit').then(() => {
      this.#exited = true;
    });
    // What is sent to a process that is just ending is lost, and shows as a missing answer.
    this.#child.on('error', () => {});
    this.#child.on('message', (message: FromClient) => {
      for (const listener of [...this.#listeners]) listener(message);
    });
  }

  /** Starts one; resolves once it is connected and has declared what it needs. */
  static async start(
    role: Role,
    plan: ClientPlan,
    onMessage: (message: FromClient) => void,
  ): Promise<ClientProcess> {
    const client = new ClientProcess(role, plan);
    client.#listeners.add(onMessage);
    try {
      await client.next('ready', READY_MS);
      return client;
    } catch (error) {
      await client.kill();
      throw error;
    }
  }

  send(message: ToClient): void {
    if (!this.#exited) this.#child.send(message);
  }

  /** The next message of a kind. */
  async next<K extends FromClient['kind']>(
    kind: K,
    ms: number,
  ): Promise<Extract<FromClient, { kind: K }>> {
    let listener = (_message: FromClient): void => {};
    const told = new Promise<Extract<FromClient, { kind: K }>>((resolve, reject) => {
      listener = (message) => {
        if (isOfKind(message, kind)) resolve(message);
      };
      this.#listeners.add(listener);
      void this.#exit.then(() => reject(new Error(`the ${this.role} ended without "${kind}"`)));
    });
    try {
      return await deadline(told, ms, `"${kind}" of the ${this.role}`);
    } finally {
      this.#listeners.delete(listener);
    }
  }

  /** Has it close everything, and waits for its end. Gives what went wrong, and how long closing took. */
  async close(): Promise<{ readonly problems: readonly string[]; readonly took: number }> {
    try {
      const closed = this.next('closed', CLOSE_MS);
      this.send({ kind: 'close' });
      const { took } = await closed;
      await deadline(this.#exit, EXIT_MS, `the end of the ${this.role} after close()`);
      const { exitCode } = this.#child;
      const problems = exitCode === 0 ? [] : [`the ${this.role} ended with exit code ${exitCode}`];
      return { problems, took };
    } catch (error) {
      await this.kill();
      return { problems: [String(error)], took: Number.NaN };
    }
  }

  /** Ends it with SIGKILL, and waits for its end. */
  async kill(): Promise<void> {
    if (!this.#exited) this.#child.kill('SIGKILL');
    await this.#exit;
  }
}

function isOfKind<K extends FromClient['kind']>(
  message: FromClient,
  kind: K,
): message is Extract<FromClient, { kind: K }> {
  return message.kind === kind;
}
