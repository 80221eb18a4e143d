import assert from 'node:assert/strict';
import { deadline } from '../../deadline.ts';
import {
  type Answers,
  HostileBroker,
  type Peer,
  say,
  sayAndLeave,
  silence,
  trickle,
} from '../../hostile/broker.ts';
import {
  body,
  closing,
  frame,
  HEADER,
  headersOf,
  heartbeat,
  long,
  M,
  method,
  openOk,
  short,
  start,
  tune,
  u8,
} from '../../hostile/bytes.ts';
import { openBench, rejectedWith } from './bench.ts';
import { watchLeftovers } from './leftovers.ts';
import type { DriverUnderTest, Target } from './port.ts';
import type { DriverCase } from './suite.ts';
import { targetOf } from './target.ts';

/** Milliseconds in which an attempt fails that does not wait for its timeout. */
const FAILS = 3000;
/** Milliseconds in which something else happens at once, on a busy machine. */
const AT_ONCE = 1000;

/** The steps of a handshake: after what of the client, and what the server says then. */
const STEPS = [
  ['at first', HEADER, start()],
  ['after start-ok', M.startOk, tune()],
  ['after open', M.open, openOk],
] as const;

/** Tables in tables, `depth` of them, without the length of the outermost. */
function nested(depth: number): Buffer {
  let table = Buffer.alloc(0);
  for (let level = 0; level < depth; level++)
    table = Buffer.concat([short('k'), Buffer.from('F'), long(table)]);
  return table;
}

/** What is no handshake of AMQP 0-9-1. */
const NONSENSE: Readonly<Record<string, Answers>> = {
  'another protocol': { [HEADER]: say(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')) },
  'another version of AMQP': { [HEADER]: say(Buffer.from('AMQP\x00\x01\x00\x00', 'latin1')) },
  'random bytes': { [HEADER]: say(Buffer.alloc(4096, 0x5a)) },
  'a frame that ends wrongly': { [HEADER]: say(frame(1, 0, Buffer.alloc(8), 0)) },
  'an unknown frame type': { [HEADER]: say(frame(7, 0, Buffer.alloc(8))) },
  'an unknown method': { [HEADER]: say(method(0, 0x000a_0063)) },
  'a frame of 4 GiB': { [HEADER]: say(Buffer.from('010000ffffffff00', 'hex')) },
  'a start of no bytes': { [HEADER]: say(frame(1, 0, Buffer.alloc(0))) },
  'a start that breaks off': { [HEADER]: say(method(0, M.start, u8(0))) },
  'a table with a type that does not exist': {
    [HEADER]: say(start(Buffer.concat([short('k'), Buffer.from('?')]))),
  },
  'a table whose name is longer than it': { [HEADER]: say(start(Buffer.from([255, 65]))) },
  'a table of 18,000 levels': { [HEADER]: say(start(nested(18_000))) },
  'tune before start': { [HEADER]: say(tune()) },
  'a header and a body for channel 0': {
    [HEADER]: say(headersOf(0, 3, Buffer.alloc(0)), body(0, 'abc')),
  },
  'a body of a whole frame': { [HEADER]: say(body(0, Buffer.alloc(131_000))) },
  'a heartbeat in place of start': { [HEADER]: say(heartbeat) },
  'a challenge': { [M.startOk]: say(method(0, M.secure, long('who?'))) },
  'a tune that breaks off': { [M.startOk]: say(method(0, M.tune, u8(0))) },
  'frames of at most one byte': { [M.startOk]: say(tune(0, 1)) },
  'frames of at most 20 bytes': { [M.startOk]: say(tune(0, 20)) },
  'frames smaller than AMQP allows': { [M.startOk]: say(tune(0, 4095)) },
  'open-ok in place of tune': { [M.startOk]: say(openOk) },
  'tune a second time': { [M.open]: say(tune()) },
  'a delivery in place of open-ok': { [M.open]: say(method(1, M.deliver)) },
};

/** What is strange, and allowed. */
const ODD: Readonly<Record<string, Answers>> = {
  'no limits': { [M.startOk]: say(tune(0, 0, 0)) },
  'one channel': { [M.startOk]: say(tune(1)) },
  'huge frames': { [M.startOk]: say(tune(65_535, 0x7fff_ffff, 65_535)) },
  'frames above what is signed': { [M.startOk]: say(tune(65_535, 0xffff_ffff, 1)) },
  'every byte by itself': Object.fromEntries(
    STEPS.map(([, step, whole]) => [step, trickle(whole)]),
  ),
};

/** A server that says of itself what would change the prototype of all objects. */
const POLLUTING = start(
  Buffer.concat([
    short('__proto__'),
    Buffer.from('F'),
    long(Buffer.concat([short('polluted'), Buffer.from('t'), u8(1)])),
  ]),
);

/**
 * The cases that a driver must pass in handshakes with servers that mean no good, or are odd. They need no broker: an attempt
 * fails at once, or at its timeout, with a code that says why, and leaves no socket and no timer.
 *
 * @example
 * for (const { title, run } of handshakeConformance(rabbitmqClientDriver)) test(title, run);
 */
export function handshakeConformance(driver: DriverUnderTest): DriverCase[] {
  return [...silentCases(driver), ...brokenCases(driver), ...oddCases(driver)];
}

function silentCases(driver: DriverUnderTest): DriverCase[] {
  const half = start().subarray(0, 20);
  return [
    ...STEPS.map(([when, step]) => [when, { [step]: silence }] as const),
    ['within a frame', { [HEADER]: say(half) }] as const,
  ].flatMap(([when, answers]) => [
    {
      title: `a server that falls silent ${when}: the attempt fails at its timeout`,
      run: async () => {
        const start = performance.now();
        await refused(driver, answers, 'CONNECTION_FAILED', { timeout: 80 });
        assert.ok(performance.now() - start > 75, 'it failed before');
      },
    },
    {
      title: `a server that falls silent ${when}: an attempt that nobody wants any more ends at once`,
      run: () => givenUp(driver, answers),
    },
  ]);
}

function brokenCases(driver: DriverUnderTest): DriverCase[] {
  return [
    ...Object.entries(NONSENSE).map(([what, answers]) => ({
      title: `a handshake with ${what} fails at once`,
      run: async () => {
        const error = await refused(driver, answers, 'CONNECTION_FAILED');
        assert.ok(error.message.length < 1000, 'the error says too much');
      },
    })),
    ...STEPS.map(([when, step]) => ({
      title: `a server that closes ${when} says why`,
      run: async () => {
        const codes = { 403: 'ACCESS_REFUSED', 530: 'NOT_ALLOWED', 541: 'CONNECTION_FAILED' };
        for (const [replyCode, code] of [...Object.entries(codes), ['0', 'CONNECTION_FAILED']]) {
          const close = closing(0, Number(replyCode));
          await refused(driver, { [step]: say(close) }, String(code));
          await refused(driver, { [step]: sayAndLeave(false, close) }, String(code));
        }
      },
    })),
    ...[false, true].map((reset) => ({
      title: `a handshake that is cut at any byte by ${reset ? 'a reset' : 'an end'} fails at once`,
      run: async () => {
        for (const [, step, whole] of STEPS)
          for (let length = 0; length < whole.length; length++) {
            const answers = { [step]: sayAndLeave(reset, whole.subarray(0, length)) };
            await refused(driver, answers, 'CONNECTION_FAILED');
          }
      },
    })),
  ];
}

function oddCases(driver: DriverUnderTest): DriverCase[] {
  const afterwards = {
    'open-ok a second time': openOk,
    'an end': closing(0, 320),
    'a frame that ends wrongly': frame(8, 0, Buffer.alloc(0), 0),
  };
  return [
    ...Object.entries(ODD).map(([what, answers]) => ({
      title: `a handshake with ${what} is one, and the connection closes again`,
      run: () => accepted(driver, answers),
    })),
    {
      title: 'what a server says of itself changes no prototype',
      run: async () => {
        await accepted(driver, { [HEADER]: say(POLLUTING) });
        assert.equal(Reflect.get({}, 'polluted'), undefined);
      },
    },
    ...Object.entries(afterwards).map(([what, rest]) => ({
      title: `a connection is lost where ${what} comes along with open-ok`,
      run: async () => {
        await using broker = await HostileBroker.start({ [M.open]: say(openOk, rest) });
        await using bench = await openBench(driver, targetOf(broker.url));
        await deadline(bench.next('lost'), 2 * AT_ONCE, 'the loss');
        await gone(await broker.peers.next());
      },
    })),
    {
      title: 'a connection is blocked from the start where the server says so along with open-ok',
      run: async () => {
        const blocked = method(0, M.blocked, short('low on memory'));
        await using broker = await HostileBroker.start({ [M.open]: say(openOk, blocked) });
        await using bench = await openBench(driver, targetOf(broker.url));
        await bench.next('blocked');
      },
    },
  ];
}

/** How an attempt fails, which it must do at once or at its timeout; it leaves no timer and no socket. */
async function refused(
  driver: DriverUnderTest,
  answers: Answers,
  code: string,
  changes: Partial<Target> = {},
): Promise<Error> {
  await using broker = await HostileBroker.start(answers);
  using leftovers = watchLeftovers();
  const attempt = openBench(driver, targetOf(broker.url, changes));
  const error = await deadline(rejectedWith(attempt, code), FAILS, 'the end of the attempt');
  await gone(await broker.peers.next());
  assert.equal(leftovers.timers(), 0, 'timers are left');
  return error;
}

async function accepted(driver: DriverUnderTest, answers: Answers): Promise<void> {
  await using broker = await HostileBroker.start(answers);
  await using bench = await openBench(driver, targetOf(broker.url));
  await deadline(bench.link.close(), 2 * AT_ONCE, 'close');
  await gone(await broker.peers.next());
}

async function givenUp(driver: DriverUnderTest, answers: Answers): Promise<void> {
  await using broker = await HostileBroker.start(answers);
  using leftovers = watchLeftovers();
  const wanted = new AbortController();
  const target = targetOf(broker.url, { signal: wanted.signal });
  const ended = rejectedWith(openBench(driver, target), 'CLOSED');
  const peer = await broker.peers.next();
  for (const step of Object.keys(answers)) await peer.wait(Number(step));
  wanted.abort();
  await deadline(ended, AT_ONCE, 'the end of the attempt');
  await gone(peer);
  assert.equal(leftovers.timers(), 0, 'timers are left');
  const late = rejectedWith(openBench(driver, target), 'CLOSED');
  await deadline(late, AT_ONCE, 'the end of an attempt that was never wanted');
}

/** The client's socket is gone once the server has ended its own side, which it may have kept open. */
async function gone({ socket, closed }: Peer): Promise<void> {
  socket.end();
  await deadline(closed, AT_ONCE, 'the end of the socket');
}
