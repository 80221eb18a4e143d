// Runs programs with aio-pika, the Python library that Leveret shares queues with.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { deadline } from './deadline.ts';
import { TestkitError } from './errors.ts';
import { createInbox } from './inbox.ts';

// Debian's package python3-aio-pika belongs to this one; `python3` on PATH may be another.
const PYTHON = '/usr/bin/python3';
const WAIT_MS = 20_000;

/**
 * Whether the tests with the library are to run: where it is installed, and in any case where LEVERET_REQUIRE_ALL is 1,
 * so that they fail rather than be skipped.
 */
export const hasAioPika: boolean = process.env['LEVERET_REQUIRE_ALL'] === '1' || isInstalled();

/** A Python program that runs. */
export interface PythonProgram {
  /**
   * The next value that it says.
   *
   * @throws TestkitError when it ends or nothing comes in time, with what it complained about.
   */
  said(): Promise<unknown>;
  /** The next `count` values that it says. */
  saidAll(count: number): Promise<readonly unknown[]>;
  /** Ends its standard input, which every program here takes as the end, and waits for it to succeed. */
  finish(): Promise<void>;
  /** Kills it with SIGKILL and waits for its end. */
  kill(): Promise<void>;
}

/**
 * Starts `main`, the body of a coroutine with a `channel` of aio-pika and `args`. It prints with `say` and waits for
 * its end with `await told_to_end()`. `import msgpack` works whether that library is installed or not.
 *
 * @example
 * const python = startPython(url, 'say(args[0].upper())', ['ready']);
 * expect(await python.said()).toBe('READY');
 */
export function startPython(
  url: string,
  main: string,
  args: readonly string[] = [],
): PythonProgram {
  const program = `${PROLOGUE}${indent(main)}${EPILOGUE}`;
  const child = spawn(PYTHON, ['-u', '-c', program, url, ...args], { stdio: 'pipe' });
  onTestFinished(() => void child.kill('SIGKILL'));
  child.stdin.on('error', () => {}); // a program that is gone reads no more
  const lines = createInbox<string>('a line of the Python program');
  createInterface({ input: child.stdout }).on('line', lines.push);
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  const complain = (what: string): never => {
    throw new TestkitError(`${what}\n${complaints}`);
  };
  const end = once(child, 'close').then(([code]) => {
    if (code !== 0 && !child.killed) complain(`the Python program ended with ${code}`);
  });
  const failure = end.then(() => new Promise<never>(() => {}));
  failure.catch(() => {}); // for whoever waits for something
  const said = async (): Promise<unknown> => {
    const line = lines.next(WAIT_MS).catch((error: Error) => complain(error.message));
    return JSON.parse(await Promise.race([line, failure]));
  };
  return {
    said,
    saidAll: (count) => Promise.all(Array.from({ length: count }, said)),
    finish: () => {
      child.stdin.end();
      return deadline(end, WAIT_MS, 'the end of the Python program');
    },
    kill: () => {
      child.kill('SIGKILL');
      return deadline(end, WAIT_MS, 'the end of the Python program');
    },
  };
}

/** Looks for the library without loading it, which takes five times as long. */
function isInstalled(): boolean {
  const find = 'import importlib.util as u, sys; sys.exit(u.find_spec("aio_pika") is None)';
  return spawnSync(PYTHON, ['-c', find], { stdio: 'ignore' }).status === 0;
}

function indent(program: string): string {
  return program.replaceAll(/^(?=.)/gm, ' '.repeat(8));
}

// What the tests use of python3-msgpack, for machines without it.
const MSGPACK = String.raw`
class msgpack:
    CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}
    NUMBERS = dict(zip(range(0xCA, 0xD4), "fdBHIQbhiq"))
    STRINGS = {0xD9: "B", 0xDA: "H", 0xDB: "I"}
    BYTES = {0xC4: "B", 0xC5: "H", 0xC6: "I"}

    def dumps(value):
        def head(tag, items):
            return tag + struct.pack(">I", len(items))
        if value is None:
            return b"\xc0"
        if isinstance(value, bool):
            return b"\xc3" if value else b"\xc2"
        if isinstance(value, int):
            return struct.pack(">bq" if value < 0 else ">BQ", -45 if value < 0 else 0xCF, value)
        if isinstance(value, float):
            return b"\xcb" + struct.pack(">d", value)
        if isinstance(value, str):
            return head(b"\xdb", value.encode()) + value.encode()
        if isinstance(value, bytes):
            return head(b"\xc6", value) + value
        if isinstance(value, (list, tuple)):
            return head(b"\xdd", value) + b"".join(map(msgpack.dumps, value))
        if isinstance(value, dict):
            items = [msgpack.dumps(each) for item in value.items() for each in item]
            return head(b"\xdf", value) + b"".join(items)
        raise TypeError(f"can not serialize {type(value).__name__!r} object")

    def loads(data):
        stream = io.BytesIO(data)
        def number(form):
            return struct.unpack(">" + form, stream.read(struct.calcsize(form)))[0]
        def array(length):
            return [value() for _ in range(length)]
        def table(length):
            return {value(): value() for _ in range(length)}
        def value():
            tag = number("B")
            if tag < 0x80 or tag >= 0xE0:
                return tag if tag < 0x80 else tag - 256
            if tag < 0xA0:
                return (table if tag < 0x90 else array)(tag & 15)
            if tag < 0xC0:
                return stream.read(tag & 31).decode()
            if tag in msgpack.CONSTANTS:
                return msgpack.CONSTANTS[tag]
            if tag in msgpack.NUMBERS:
                return number(msgpack.NUMBERS[tag])
            if tag in msgpack.STRINGS:
                return stream.read(number(msgpack.STRINGS[tag])).decode()
            if tag in msgpack.BYTES:
                return stream.read(number(msgpack.BYTES[tag]))
            return (table if tag >= 0xDE else array)(number("I" if tag & 1 else "H"))
        return value()

if importlib.util.find_spec("msgpack") is None:
    sys.modules["msgpack"] = msgpack
`;

const PROLOGUE = `
import asyncio, importlib.util, io, json, struct, sys
import aio_pika
from aio_pika import DeliveryMode, ExchangeType, Message
from aio_pika.patterns import RPC, JsonMaster, JsonRPC, Master, NackMessage, RejectMessage
from aio_pika.patterns.master import CompressedJsonMaster
from aio_pika.patterns.rpc import JsonRPCError
${MSGPACK}
url, *args = sys.argv[1:]

def say(value):
    print(json.dumps(value), flush=True)

async def told_to_end():
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

async def main():
    connection = await aio_pika.connect_robust(url)
    async with connection:
        channel = await connection.channel()
`;

const EPILOGUE = `
asyncio.run(main())
`;
