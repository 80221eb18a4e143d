import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { TestkitError } from '../errors.ts';

// The program takes the place of this shell, so its pid is the one that was spawned. The subshell stays behind in the
// same process group and waits on descriptor 3, a pipe whose other end only the parent holds: however the parent ends,
// kill -9 included, the pipe closes and the program goes with it, and so does its data folder.
const GUARD = `
( read -r _ <&3
  kill -9 "$$"
  [ -z "$0" ] || rm -rf "$0" || rm -rf "$0"
  kill -9 "-$$"
) </dev/null >/dev/null 2>&1 &
exec 3<&-
exec "$@"
`;

/** What to run, and what has to disappear with it. */
export interface GuardedCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Takes standard output and standard error. */
  readonly logFile: string;
  /** A folder to delete when this process ends without cleaning up itself. */
  readonly removeWhenOrphaned?: string;
}

/** How a guarded process ended. */
interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running program that does not outlive this process. */
export interface GuardedProcess {
  readonly pid: number;
  /** Resolves when the program is gone. Only waiting for it keeps this process alive, the program itself does not. */
  ended(): Promise<ProcessEnd>;
  /** Sends a signal to the program alone. Does nothing when it is gone. */
  signal(name: NodeJS.Signals): void;
  /** Kills the program and its whole process group with SIGKILL and waits for its end. */
  kill(): Promise<ProcessEnd>;
}

/** Sends a signal; a target that is gone already is no error. */
function send(target: number, name: NodeJS.Signals): void {
  try {
    process.kill(target, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/**
 * Starts a program in a process group of its own which is killed when this process ends, in whatever way.
 *
 * @throws TestkitError when the program cannot be started.
 */
export async function spawnGuarded(command: GuardedCommand): Promise<GuardedProcess> {
  const log = openSync(command.logFile, 'a');
  const child = spawn(
    '/bin/sh',
    ['-c', GUARD, command.removeWhenOrphaned ?? '', command.program, ...command.args],
    { detached: true, env: command.env, stdio: ['ignore', log, log, 'pipe'] },
  );
  closeSync(log);
  const end = new Promise<ProcessEnd>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  try {
    await once(child, 'spawn');
  } catch (cause) {
    throw new TestkitError(`cannot start ${command.program}`, { cause });
  }
  const pid = child.pid;
  if (pid === undefined) throw new TestkitError(`cannot start ${command.program}`);
  child.unref();
  const guard = child.stdio[3];
  let orphaned = false;
  const letGo = (): void => {
    orphaned = true;
    if (guard instanceof Socket) guard.destroy();
  };
  if (guard instanceof Socket) guard.unref();
  // A test worker can outlive the test run that was killed; its channel to the run tells it.
  process.once('disconnect', letGo);
  let running = true;
  void end.then(() => {
    running = false;
    process.off('disconnect', letGo);
    // The subshell of an orphan ends the group when it has deleted the folder; it must not be killed halfway.
    if (!orphaned) send(-pid, 'SIGKILL');
  });
  const ended = (): Promise<ProcessEnd> => {
    if (running) child.ref();
    return end;
  };
  return {
    pid,
    ended,
    signal: (name) => {
      if (running) send(pid, name);
    },
    kill: () => {
      if (running) send(-pid, 'SIGKILL');
      return ended();
    },
  };
}
