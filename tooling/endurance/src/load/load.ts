import { setTimeout as pause } from 'node:timers/promises';
import { createRecorder, type Recorder } from '@leveret/testkit';
import { outcomeName } from '../outcomes.ts';
import {
  type Batch,
  type ClientPlan,
  type FromClient,
  now,
  RECORD,
  type Role,
  STREAMS,
  WHAT,
} from '../protocol.ts';
import { ClientProcess } from './client-process.ts';

const POLL_MS = 20;
/**
 * Milliseconds without any report after which a run hangs: a link that died in silence is found after 25 s, an attempt
 * may take 10 s, and what was sent in vain times out after 30 s.
 */
const STANDSTILL_MS = 120_000;
const WEIGH_MS = 30_000;

/** How much the heaps of both clients held at a moment, in bytes, after garbage was collected. */
export interface Weights {
  readonly at: number;
  readonly creator: number;
  readonly worker: number;
}

/** The clients of a run, and the account of what they do. */
export class Load implements AsyncDisposable {
  readonly recorder: Recorder = createRecorder();
  readonly problems: string[] = [];
  readonly weights: Weights[] = [];
  /** Events of the library, by type. */
  readonly events: Map<string, number> = new Map();
  /** Milliseconds that `close()` of each client took. */
  readonly closing: Map<Role, number> = new Map();
  readonly startedAt: number = now();
  workersKilled = 0;
  readonly #plan: ClientPlan;
  #creator: ClientProcess | undefined;
  #worker: ClientProcess | undefined;
  #idle = false;
  #lastReport = now();

  private constructor(plan: ClientPlan) {
    this.#plan = plan;
  }

  /** Starts the clients; `declared` is called when the queues are there. */
  static async start(plan: ClientPlan, declared: () => Promise<void>): Promise<Load> {
    const load = new Load(plan);
    try {
      load.#worker = await load.#spawn('worker');
      await declared();
      load.#creator = await load.#spawn('creator');
      load.#lastReport = now();
      load.#creator.send({ kind: 'start' });
      return load;
    } catch (error) {
      await load[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Tasks confirmed and calls settled, as a part of all; NaN where there is no such number. */
  get progress(): number {
    const { tasks = Number.NaN, calls = Number.NaN } = this.#plan;
    const { tasks: tasksDone, calls: callsDone } = this.recorder;
    return (tasksDone.confirmedCount + callsDone.settledCount) / (tasks + calls);
  }

  /** Whether the creator has nothing under way, and nothing more to do by itself. */
  get idle(): boolean {
    return this.#idle;
  }

  /** Whether nothing was reported for too long. */
  get hangs(): boolean {
    return now() - this.#lastReport > STANDSTILL_MS;
  }

  /** Waits until `done`; gives whether it came to that before everything stood still. */
  async until(done: () => boolean | Promise<boolean>): Promise<boolean> {
    while (!(await done())) {
      if (this.hangs) return false;
      await pause(POLL_MS);
    }
    return true;
  }

  /** Puts another worker in the place of the present one, which ends as by a power cut. */
  async killWorker(): Promise<void> {
    const victim = this.#worker;
    if (!victim) return;
    this.workersKilled += 1;
    await victim.kill();
    this.#worker = await this.#spawn('worker');
  }

  /** Lets everything come to rest, and weighs what the clients hold then. */
  async weigh(): Promise<void> {
    this.#idle = false;
    this.#creator?.send({ kind: 'pause' });
    if (!(await this.#atRest())) return;
    const [creator, worker] = await Promise.all([
      this.#weighOne(this.#creator),
      this.#weighOne(this.#worker),
    ]);
    this.weights.push({ at: now() - this.startedAt, creator, worker });
    this.#creator?.send({ kind: 'resume' });
  }

  /** Lets everything end that has begun, and the worker settle what is in the queues; then closes the clients. */
  async finish(queuesEmpty: () => Promise<boolean>): Promise<void> {
    this.#idle = false;
    this.#creator?.send({ kind: 'finish' });
    if (!((await this.#atRest()) && (await this.until(queuesEmpty))))
      this.problems.push(`nothing moved for ${STANDSTILL_MS / 1_000} s; it was not at rest`);
    for (const client of [this.#creator, this.#worker]) {
      if (!client) continue;
      const { problems, took } = await client.close();
      this.problems.push(...problems);
      this.closing.set(client.role, took);
    }
  }

  /** Kills what is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#creator?.kill(), this.#worker?.kill()]);
  }

  /** Everything created is settled, and everything confirmed is handled. */
  #atRest(): Promise<boolean> {
    const { tasks } = this.recorder;
    return this.until(() => this.#idle && tasks.handledCount >= tasks.confirmedCount);
  }

  async #weighOne(client: ClientProcess | undefined): Promise<number> {
    if (!client) return Number.NaN;
    const told = client.next('weight', WEIGH_MS);
    client.send({ kind: 'weigh' });
    return (await told).heapUsed;
  }

  #spawn(role: Role): Promise<ClientProcess> {
    return ClientProcess.start(role, this.#plan, (message) => this.#heard(role, message));
  }

  #heard(role: Role, message: FromClient): void {
    if (message.kind === 'batch') return this.#record(message);
    if (message.kind === 'problem') this.problems.push(`${role}: ${message.text}`);
    if (message.kind === 'idle') this.#idle = true;
  }

  #record({ records, events }: Batch): void {
    if (records.length > 0) this.#lastReport = now();
    for (const [type, count] of Object.entries(events))
      this.events.set(type, (this.events.get(type) ?? 0) + count);
    for (let at = 0; at + RECORD <= records.length; at += RECORD) {
      const [what = -1, index = 0, time = 0, detail = 0] = records.subarray(at, at + RECORD);
      account(this.recorder, what, index, time, detail);
    }
  }
}

/** Puts one record down. */
function account(
  { tasks, calls, gaps }: Recorder,
  what: number,
  index: number,
  time: number,
  detail: number,
): void {
  switch (what) {
    case WHAT.taskCreated:
      return tasks.created(index);
    case WHAT.taskConfirmed:
      gaps.happened('confirm', time);
      return tasks.confirmed(index);
    case WHAT.taskRetried:
      return tasks.refused(index, outcomeName(detail), false);
    case WHAT.taskRefused:
      return tasks.refused(index, outcomeName(detail), true);
    case WHAT.taskDelivered:
      gaps.happened('delivery', time);
      return tasks.delivered(index, detail === 1);
    case WHAT.taskHandled:
      return tasks.handled(index);
    case WHAT.callCreated:
      return calls.created(index, time);
    case WHAT.callSettled:
      return calls.settled(index, outcomeName(detail), time);
    case WHAT.callExecuted:
      return calls.executed(index);
    case WHAT.lost:
      return gaps.lost(STREAMS[index] ?? 'unknown', time);
  }
}
