import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { TestkitError } from '../errors.ts';
import type { RabbitPrograms } from './find.ts';
import { layoutEnv, type NodeLayout } from './layout.ts';

const run = promisify(execFile);
const CTL_TIMEOUT_MS = 60_000;
const ERLANG_TIMEOUT_MS = 10_000;
const ANSWER = /^\{ok, (.*)\}\s*$/s;

/** Runs `rabbitmqctl` against a node and returns what it printed. */
export async function askCtl(
  layout: NodeLayout,
  programs: RabbitPrograms,
  args: readonly string[],
): Promise<string> {
  try {
    const { stdout } = await run(programs.ctl, ['--quiet', '--node', layout.name, ...args], {
      env: layoutEnv(layout, programs.path),
      timeout: CTL_TIMEOUT_MS,
    });
    return stdout;
  } catch (cause) {
    throw new TestkitError(`rabbitmqctl ${args[0] ?? ''} failed: ${reasonOf(cause)}`, { cause });
  }
}

/**
 * Evaluates Erlang expressions in a node and returns the value of the last one as Erlang prints it. `erl_call` is a
 * small C program: it takes 15 ms where `rabbitmqctl eval`, which starts an Erlang machine, takes 700.
 */
export async function askErlang(
  layout: NodeLayout,
  programs: RabbitPrograms,
  code: string,
): Promise<string> {
  // A name of its own: a node refuses a second connection under one that is connected.
  const asking = run(programs.erlCall, ['-h', randomUUID(), '-n', layout.name, '-e'], {
    env: layoutEnv(layout, programs.path),
    timeout: ERLANG_TIMEOUT_MS,
  });
  // A program that is gone says so by its exit.
  asking.child.stdin?.on('error', () => {}).end(`${code}\n`);
  const { stdout } = await asking.catch((cause: unknown) => {
    throw new TestkitError(`${layout.name} cannot be asked: ${reasonOf(cause)}`, { cause });
  });
  const value = ANSWER.exec(stdout)?.[1];
  if (value === undefined) {
    throw new TestkitError(`${layout.name} cannot evaluate ${code}: ${stdout.trim()}`);
  }
  return value;
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
