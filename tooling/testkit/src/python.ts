// Runs programs with aio-pika, the Python library that Leveret shares queues with.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { deadline } from './deadline.ts';
import { TestkitError } from './errors.ts';
import { createInbox, type Inbox } from './inbox.ts';

// Debian's package python3-aio-pika belongs to this one; `python3` on PATH may be another.
const PYTHON = '/usr/bin/python3';

/** Whether this machine has the library. */
export const hasAioPika: boolean =
  spawnSync(PYTHON, ['-c', 'import aio_pika.patterns'], { stdio: 'ignore' }).status === 0;

/** A Python program that runs. */
export interface PythonProgram {
  /** What it prints, line by line. */
  readonly lines: Inbox<string>;
  /** Ends its standard input, which every program here takes as the end, and waits for it to succeed. */
  finish(): Promise<void>;
}

/**
 * Starts `main`, the body of a coroutine with a `channel` of aio-pika and `args`. It prints with `say` and waits for
 * its end with `await told_to_end()`.
 */
export function startPython(
  url: string,
  main: string,
  args: readonly string[] = [],
): PythonProgram {
  const child = spawn(PYTHON, ['-u', '-c', `${PROLOGUE}${indent(main)}${EPILOGUE}`, url, ...args], {
    stdio: 'pipe',
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInbox<string>('a line of the Python program');
  createInterface({ input: child.stdout }).on('line', lines.push);
  const complaints = text(child.stderr);
  return {
    lines,
    finish: async () => {
      child.stdin.end();
      const code = await deadline(exitCode(child), 15_000, 'the end of the Python program');
      if (code !== 0)
        throw new TestkitError(`the Python program ended with ${code}:\n${await complaints}`);
    },
  };
}

async function exitCode(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null) await once(child, 'exit');
  return child.exitCode;
}

const PROLOGUE = `
import asyncio, json, sys
import aio_pika
from aio_pika.patterns import JsonMaster, JsonRPC, NackMessage, RejectMessage
from aio_pika.patterns.master import CompressedJsonMaster
from aio_pika.patterns.rpc import JsonRPCError

url, *args = sys.argv[1:]

def say(value):
    print(json.dumps(value), flush=True)

async def told_to_end():
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

async def main():
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel()
`;

const EPILOGUE = `
asyncio.run(main())
`;

function indent(program: string): string {
  return program.replaceAll(/^(?=.)/gm, ' '.repeat(8));
}
