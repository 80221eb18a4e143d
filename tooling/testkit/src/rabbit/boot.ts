import { readFile } from 'node:fs/promises';
import { deadline } from '../deadline.ts';
import { TestkitError } from '../errors.ts';
import { type GuardedProcess, spawnGuarded } from './guarded-process.ts';
import { consoleLog, layoutEnv, type NodeLayout } from './layout.ts';
import { waitForPort } from './ready.ts';

const LOG_TAIL = 8_000;

/** Where the programs are. */
export interface RabbitPrograms {
  readonly server: string;
  readonly ctl: string;
  readonly epmd: string;
  /** The value of PATH that they run with. */
  readonly path: string;
}

/** The end of what the node printed, for error messages. */
export async function logTail(layout: NodeLayout): Promise<string> {
  const text = await readFile(consoleLog(layout), 'utf8').catch(() => '');
  return text.slice(-LOG_TAIL).trim();
}

/** What a program is started for: its name in errors, and the port that says that it is up. */
interface Launch {
  readonly label: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly port: number;
  readonly greet: boolean;
  readonly timeoutMs: number;
  readonly removeWhenOrphaned?: string;
}

/** Starts a program and waits until its port answers; a program that fails to is killed. */
async function launch(
  layout: NodeLayout,
  programs: RabbitPrograms,
  plan: Launch,
): Promise<GuardedProcess> {
  const { label, program, args, port, greet, timeoutMs, removeWhenOrphaned } = plan;
  const child = await spawnGuarded({
    program,
    args,
    env: layoutEnv(layout, programs.path),
    logFile: consoleLog(layout),
    ...(removeWhenOrphaned === undefined ? {} : { removeWhenOrphaned }),
  });
  const giveUp = new AbortController();
  const early = child.ended().then(({ code, signal }) => {
    throw new TestkitError(`${label} ended while starting (${signal ?? `exit code ${code}`})`);
  });
  const ready = waitForPort(port, greet, giveUp.signal);
  try {
    await deadline(Promise.race([ready, early]), timeoutMs, `the start of ${label}`);
    return child;
  } catch (cause) {
    giveUp.abort();
    await Promise.allSettled([ready, child.kill()]);
    throw new TestkitError(`${label} did not start; it printed: ${await logTail(layout)}`, {
      cause,
    });
  } finally {
    early.catch(() => {});
  }
}

/** Starts the port mapper of a node and waits until it listens. */
export function bootEpmd(layout: NodeLayout, programs: RabbitPrograms): Promise<GuardedProcess> {
  const port = layout.ports.epmd;
  return launch(layout, programs, {
    label: 'epmd',
    program: programs.epmd,
    args: ['-address', '127.0.0.1', '-port', String(port)],
    port,
    greet: false,
    timeoutMs: 10_000,
  });
}

/** Starts the server of a node, whose epmd is up, and waits until it speaks AMQP. */
export function bootServer(
  layout: NodeLayout,
  programs: RabbitPrograms,
  timeoutMs: number,
): Promise<GuardedProcess> {
  return launch(layout, programs, {
    label: 'RabbitMQ',
    program: programs.server,
    args: [],
    port: layout.ports.amqp,
    greet: true,
    timeoutMs,
    removeWhenOrphaned: layout.dataDir,
  });
}
