import { readFile } from 'node:fs/promises';
import { deadline } from '../deadline.ts';
import { TestkitError } from '../errors.ts';
import { type GuardedProcess, spawnGuarded } from './guarded-process.ts';
import { consoleLog, layoutEnv, type NodeLayout } from './layout.ts';
import { waitForBroker } from './ready.ts';

const LOG_TAIL = 8_000;

/** Where the programs are. */
export interface RabbitPrograms {
  readonly server: string;
  readonly ctl: string;
  readonly erlCall: string;
  /** The value of PATH that they run with. */
  readonly path: string;
}

/** The end of what the node printed, for error messages. */
async function logTail(layout: NodeLayout): Promise<string> {
  const text = await readFile(consoleLog(layout), 'utf8').catch(() => '');
  return text.slice(-LOG_TAIL).trim();
}

/** Starts the server of a node; it is not up yet. */
export function launchServer(
  layout: NodeLayout,
  programs: RabbitPrograms,
): Promise<GuardedProcess> {
  return spawnGuarded({
    program: programs.server,
    args: [],
    env: layoutEnv(layout, programs.path),
    logFile: consoleLog(layout),
    removeWhenOrphaned: layout.dataDir,
  });
}

/**
 * Waits until a server that was launched speaks AMQP; one that fails to is killed.
 *
 * @throws TestkitError when it ends before or does not come up in time, with the end of its log.
 */
export async function serverReady(
  layout: NodeLayout,
  server: GuardedProcess,
  timeoutMs: number,
): Promise<void> {
  const giveUp = new AbortController();
  const early = server.ended().then(({ code, signal }) => {
    throw new TestkitError(`RabbitMQ ended while starting (${signal ?? `exit code ${code}`})`);
  });
  const ready = waitForBroker(layout.ports.amqp, giveUp.signal);
  try {
    await deadline(Promise.race([ready, early]), timeoutMs, 'the start of RabbitMQ');
  } catch (cause) {
    giveUp.abort();
    await Promise.allSettled([ready, server.kill()]);
    throw new TestkitError(`RabbitMQ did not start; it printed: ${await logTail(layout)}`, {
      cause,
    });
  } finally {
    early.catch(() => {});
  }
}
