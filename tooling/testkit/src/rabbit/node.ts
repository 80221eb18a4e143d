import { rm } from 'node:fs/promises';
import { deadline } from '../deadline.ts';
import { TestkitError } from '../errors.ts';
import { askCtl, askErlang } from './ask.ts';
import { launchServer, serverReady } from './boot.ts';
import type { RabbitPrograms } from './find.ts';
import type { GuardedProcess } from './guarded-process.ts';
import type { NodeLayout } from './layout.ts';
import type { PortMapper } from './port-mapper.ts';

const STOP_TIMEOUT_MS = 30_000;
/** So little memory that the node is always above it. */
const ALARMING_WATERMARK = '1.0e-7';

type NodeState =
  | { readonly kind: 'down' }
  | { readonly kind: 'starting'; readonly server: Promise<GuardedProcess> }
  | { readonly kind: 'up'; readonly server: GuardedProcess }
  | { readonly kind: 'paused'; readonly server: GuardedProcess }
  | { readonly kind: 'disposed' };

/** What a node is made of. */
export interface NodeParts {
  readonly layout: NodeLayout;
  readonly programs: RabbitPrograms;
  readonly bootTimeoutMs: number;
  readonly mapper: PortMapper;
}

/** A private RabbitMQ server on 127.0.0.1 with a data folder of its own. It ends with the process that started it. */
export class RabbitNode implements AsyncDisposable {
  /** Erlang's name of the node, such as `leveret@localhost`. */
  readonly name: string;
  /** Address for clients, with the default user. Stays the same over restarts. */
  readonly url: string;
  /** The AMQP port. Stays the same over restarts. */
  readonly port: number;
  /** Holds the messages, the logs and the cookie. Deleted on dispose. */
  readonly dataDir: string;
  readonly #parts: NodeParts;
  #state: NodeState = { kind: 'down' };

  /** A node that is down, whose files are in place. It takes its port mapper over. Tests call `startRabbitNode` instead. */
  constructor(parts: NodeParts) {
    const { name, dataDir, ports } = parts.layout;
    this.name = name;
    this.port = ports.amqp;
    this.url = `amqp://guest:guest@127.0.0.1:${this.port}`;
    this.dataDir = dataDir;
    this.#parts = parts;
  }

  /** Process id of the Erlang machine, or undefined while the node is down or starts. */
  get pid(): number | undefined {
    return this.#running?.pid;
  }

  /** Whether `start` may be called: after `stop` and `kill`, and when the node ended by itself. */
  get isDown(): boolean {
    return this.#state.kind === 'down';
  }

  get #running(): GuardedProcess | undefined {
    const state = this.#state;
    return state.kind === 'up' || state.kind === 'paused' ? state.server : undefined;
  }

  /**
   * Boots the node again after `stop` or `kill`, on the same ports and the same data.
   *
   * @throws TestkitError when it runs already, is disposed or does not come up in time, with the end of its log.
   */
  async start(): Promise<void> {
    if (this.#state.kind !== 'down') {
      throw new TestkitError(`cannot start a RabbitMQ node that is ${this.#state.kind}`);
    }
    const { layout, programs, bootTimeoutMs } = this.#parts;
    const starting: NodeState = { kind: 'starting', server: launchServer(layout, programs) };
    this.#state = starting;
    try {
      const server = await starting.server;
      await serverReady(layout, programs, server, bootTimeoutMs);
      this.#state = { kind: 'up', server };
      void server.ended().then(() => {
        if (this.#running === server) this.#state = { kind: 'down' };
      });
    } catch (error) {
      if (this.#state === starting) this.#state = { kind: 'down' };
      throw error;
    }
  }

  /** Shuts the node down as an operator would (SIGTERM) and waits until it is gone. */
  async stop(): Promise<void> {
    this.resume();
    const server = await this.#server();
    if (server === undefined) return;
    server.signal('SIGTERM');
    await deadline(server.ended(), STOP_TIMEOUT_MS, 'the shutdown of RabbitMQ');
  }

  /** Kills the node with SIGKILL, as a power cut would, and waits until it is gone. A start that is under way fails. */
  async kill(): Promise<void> {
    const server = await this.#server();
    await server?.kill();
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
   * Raises the memory alarm: whoever publishes is blocked, in a cluster at every node of it.
   *
   * @throws TestkitError when the node is down.
   */
  async block(): Promise<void> {
    await this.erlang(`vm_memory_monitor:set_vm_memory_high_watermark(${ALARMING_WATERMARK}).`);
  }

  /**
   * Ends the memory alarm: the node may have as much memory as its configuration says.
   *
   * @throws TestkitError when the node is down.
   */
  async unblock(): Promise<void> {
    await this.erlang(`
      {ok, Configured} = application:get_env(rabbit, vm_memory_high_watermark),
      vm_memory_monitor:set_vm_memory_high_watermark(Configured).`);
  }

  /**
   * Has everything durable that was declared so far survive a `kill`: RabbitMQ 3.10 writes it to disk a little later.
   *
   * @throws TestkitError when the node is down.
   */
  async sync(): Promise<void> {
    await this.erlang('mnesia:sync_log().');
  }

  /**
   * Runs `rabbitmqctl` against this node, without headings, and returns what it printed. Takes about a second.
   *
   * @throws TestkitError with the program's own words when it fails.
   */
  ctl(...args: readonly string[]): Promise<string> {
    return askCtl(this.#parts.layout, this.#parts.programs, args);
  }

  /**
   * Evaluates Erlang expressions in the node and returns the value of the last one, as Erlang prints it; a full stop
   * ends them. Takes about 15 ms, where `ctl('eval', code)` takes 700.
   *
   * @throws TestkitError when the node does not answer within 10 s or the code fails.
   */
  erlang(code: string): Promise<string> {
    return askErlang(this.#parts.layout, this.#parts.programs, code);
  }

  /** Kills the node and deletes its data. Safe to call twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    this.#state = { kind: 'disposed' };
    await this.#parts.mapper[Symbol.asyncDispose]();
    await rm(this.dataDir, { recursive: true, force: true, maxRetries: 5 });
  }

  async #server(): Promise<GuardedProcess | undefined> {
    const state = this.#state;
    // Why it could not be launched is for `start` to tell.
    return state.kind === 'starting' ? state.server.catch(() => undefined) : this.#running;
  }
}
