import { readFile } from 'node:fs/promises';
import { deadline } from '../deadline.ts';
import { TestkitError } from '../errors.ts';
import { askErlang } from './ask.ts';
import type { RabbitPrograms } from './find.ts';
import { type GuardedProcess, spawnGuarded } from './guarded-process.ts';
import { consoleLog, layoutEnv, type NodeLayout } from './layout.ts';
import { waitForBroker } from './ready.ts';

const LOG_TAIL = 8_000;

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
 * Waits until a server that was launched runs and speaks AMQP; one that fails to is killed.
 *
 * @throws TestkitError when it ends before or does not come up in time, with the end of its log.
 */
export async function serverReady(
  layout: NodeLayout,
  programs: RabbitPrograms,
  server: GuardedProcess,
  timeoutMs: number,
): Promise<void> {
  const giveUp = new AbortController();
  const early = server.ended().then(({ code, signal }) => {
    throw new TestkitError(`RabbitMQ ended while starting (${signal ?? `exit code ${code}`})`);
  });
  // What answers on the port may be another node, where two of them were given the same.
  const isOurs = (): Promise<boolean> =>
    askErlang(layout, programs, 'rabbit:is_running().').then(
      (answer) => answer === 'true',
      () => false,
    );
  const ready = waitForBroker(layout.ports.amqp, isOurs, giveUp.signal);
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
