import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { deadline } from '../deadline.ts';
import { TestkitError } from '../errors.ts';
import { bootEpmd, bootServer, type RabbitPrograms } from './boot.ts';
import type { GuardedProcess } from './guarded-process.ts';
import { layoutEnv, type NodeLayout } from './layout.ts';

const run = promisify(execFile);
const STOP_TIMEOUT_MS = 30_000;
const CTL_TIMEOUT_MS = 60_000;

type NodeState =
  | { readonly kind: 'down' }
  | { readonly kind: 'up'; readonly server: GuardedProcess }
  | { readonly kind: 'paused'; readonly server: GuardedProcess }
  | { readonly kind: 'disposed' };

/** A private RabbitMQ server on 127.0.0.1 with a data folder of its own. It ends with the process that started it. */
export class RabbitNode implements AsyncDisposable {
  /** Address for clients, with the default user. Stays the same over restarts. */
  readonly url: string;
  /** The AMQP port. Stays the same over restarts. */
  readonly port: number;
  /** Holds the messages, the logs and the cookie. Deleted on dispose. */
  readonly dataDir: string;
  readonly #layout: NodeLayout;
  readonly #programs: RabbitPrograms;
  readonly #bootTimeoutMs: number;
  readonly #epmd: GuardedProcess;
  #state: NodeState = { kind: 'down' };

  private constructor(
    layout: NodeLayout,
    programs: RabbitPrograms,
    bootTimeoutMs: number,
    epmd: GuardedProcess,
  ) {
    this.port = layout.ports.amqp;
    this.url = `amqp://guest:guest@127.0.0.1:${this.port}`;
    this.dataDir = layout.dataDir;
    this.#layout = layout;
    this.#programs = programs;
    this.#bootTimeoutMs = bootTimeoutMs;
    this.#epmd = epmd;
  }

  /**
   * Boots a node whose files are in place. Tests call `startRabbitNode` instead.
   *
   * @throws TestkitError when it does not come up in time, with the end of its log.
   */
  static async boot(
    layout: NodeLayout,
    programs: RabbitPrograms,
    bootTimeoutMs: number,
  ): Promise<RabbitNode> {
    const epmd = await bootEpmd(layout, programs);
    const node = new RabbitNode(layout, programs, bootTimeoutMs, epmd);
    try {
      await node.start();
      return node;
    } catch (error) {
      await epmd.kill();
      throw error;
    }
  }

  /** Process id of the Erlang machine, or undefined while the node is down. */
  get pid(): number | undefined {
    return this.#server?.pid;
  }

  get #server(): GuardedProcess | undefined {
    const state = this.#state;
    return state.kind === 'up' || state.kind === 'paused' ? state.server : undefined;
  }

  /**
   * Boots the node again after `stop` or `kill`, on the same ports and the same data.
   *
   * @throws TestkitError when it runs already, is disposed or does not come up in time.
   */
  async start(): Promise<void> {
    if (this.#state.kind !== 'down') {
      throw new TestkitError(`cannot start a RabbitMQ node that is ${this.#state.kind}`);
    }
    const server = await bootServer(this.#layout, this.#programs, this.#bootTimeoutMs);
    this.#state = { kind: 'up', server };
    void server.ended().then(() => {
      if (this.#server === server) this.#state = { kind: 'down' };
    });
  }

  /** Shuts the node down as an operator would (SIGTERM) and waits until it is gone. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.resume();
    server.signal('SIGTERM');
    await deadline(server.ended(), STOP_TIMEOUT_MS, 'the shutdown of RabbitMQ');
  }

  /** Kills the node with SIGKILL, as a power cut would, and waits until it is gone. */
  async kill(): Promise<void> {
    await this.#server?.kill();
  }

  /** Freezes the node (SIGSTOP): connections stay open, nothing answers. */
  pause(): void {
    if (this.#state.kind !== 'up') return;
    const { server } = this.#state;
    server.signal('SIGSTOP');
    this.#state = { kind: 'paused', server };
  }

  /** Lets a frozen node go on (SIGCONT). */
  resume(): void {
    if (this.#state.kind !== 'paused') return;
    const { server } = this.#state;
    server.signal('SIGCONT');
    this.#state = { kind: 'up', server };
  }

  /**
   * Runs `rabbitmqctl` against this node, without headings, and returns what it printed. Takes about a second.
   *
   * @throws TestkitError with the program's own words when it fails.
   */
  async ctl(...args: readonly string[]): Promise<string> {
    try {
      const { stdout } = await run(
        this.#programs.ctl,
        ['--quiet', '--node', this.#layout.name, ...args],
        { env: layoutEnv(this.#layout, this.#programs.path), timeout: CTL_TIMEOUT_MS },
      );
      return stdout;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new TestkitError(`rabbitmqctl ${args[0] ?? ''} failed: ${reason}`, { cause });
    }
  }

  /** Kills the node and deletes its data. Safe to call twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.kill(), this.#epmd.kill()]);
    this.#state = { kind: 'disposed' };
    await rm(this.dataDir, { recursive: true, force: true, maxRetries: 5 });
  }
}
