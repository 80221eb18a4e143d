import { connect, LeveretError } from '@leveret/core';
import { deadline } from '@leveret/testkit';
import { describe, expect, test } from 'vitest';
import { amqplibDriver } from './driver.ts';
import {
  type Answer,
  type Answers,
  closing,
  frame,
  HEADER,
  HostileBroker,
  long,
  M,
  method,
  openOk,
  say,
  short,
  silence,
  silent,
  start,
  targetOf,
  tune,
  u8,
  u16,
} from './hostile-broker.fixture.ts';

const driver = amqplibDriver();

/** Tables in tables, `depth` of them, without the length of the outermost. */
function nested(depth: number): Buffer {
  let table = Buffer.alloc(0);
  for (let level = 0; level < depth; level++)
    table = Buffer.concat([short('k'), Buffer.from('F'), long(table)]);
  return table;
}

/** Says that, and then ends its side, or resets. */
const sayAndLeave =
  (reset: boolean, ...parts: Buffer[]): Answer =>
  (socket) => {
    if (reset) socket.write(Buffer.concat(parts), () => socket.resetAndDestroy());
    else socket.end(Buffer.concat(parts));
    return undefined;
  };

/** How an attempt fails; it must end before its timeout, or else at it, and leave no socket. */
async function refused(answers: Answers, timeout = 3000): Promise<LeveretError> {
  await using broker = await HostileBroker.start(answers);
  const outcome = await deadline(
    driver.connect({ ...targetOf(broker.url), timeout }, silent).then(
      (link) => link.destroy(),
      (error: unknown) => error,
    ),
    4000,
    'the end of the attempt',
  );
  const peer = await broker.peers.next();
  peer.socket.end(); // its own side, where it had kept it open
  await deadline(peer.closed, 1000, 'the end of the socket');
  if (outcome instanceof LeveretError) return outcome;
  throw outcome ?? new Error('it connected');
}

describe('on amqplib, a handshake in which the server falls silent', () => {
  test.for([
    ['before it has said anything', HEADER],
    ['after start-ok', M.startOk],
    ['after open', M.open],
  ] as const)('ends at the timeout: %s', async ([, step]) => {
    const error = await refused({ [step]: silence }, 80);
    expect(error.code).toBe('CONNECTION_FAILED');
    expect(error.message).toContain('80 ms');
  });
});

describe('on amqplib, a handshake with what is not AMQP 0-9-1 fails at once', () => {
  const cases: Readonly<Record<string, Answers>> = {
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
    'no mechanism': { [HEADER]: say(start(Buffer.alloc(0), '')) },
    'tune before start': { [HEADER]: say(tune()) },
    'a body of a whole frame': { [HEADER]: say(frame(3, 0, Buffer.alloc(131_000))) },
    'a heartbeat in place of start': { [HEADER]: say(frame(8, 0, Buffer.alloc(0))) },
    'a challenge': { [M.startOk]: say(method(0, M.secure, long('who?'))) },
    'a tune that breaks off': { [M.startOk]: say(method(0, M.tune, u8(0))) },
    'frames of at most one byte': { [M.startOk]: say(tune(0, 1)) },
    'frames smaller than AMQP allows': { [M.startOk]: say(tune(0, 4095)) },
    'open-ok in place of tune': { [M.startOk]: say(openOk) },
    'tune a second time': { [M.open]: say(tune()) },
    'a delivery in place of open-ok': { [M.open]: say(method(1, M.deliver)) },
  };
  test.for(Object.entries(cases))('%s', async ([, answers]) => {
    const error = await refused(answers);
    expect(error.code).toMatch(/^CONNECTION_FAILED$|^ACCESS_REFUSED$/);
    expect(error.message.length).toBeLessThan(1000);
    expect(error.message).not.toContain('3000 ms');
  });
});

describe('on amqplib, a handshake that the server closes', () => {
  const steps = { 'at first': HEADER, 'after start-ok': M.startOk, 'after open': M.open };
  test.for(Object.entries(steps))('says why: %s', async ([, step]) => {
    const codes = {
      403: 'ACCESS_REFUSED',
      530: 'NOT_ALLOWED',
      541: 'CONNECTION_FAILED',
      0: 'CONNECTION_FAILED',
    };
    for (const [code, expected] of Object.entries(codes)) {
      const close = closing(Number(code));
      expect((await refused({ [step]: say(close) })).code).toBe(expected);
      expect((await refused({ [step]: sayAndLeave(false, close) })).code).toBe(expected);
    }
  });

  test.for([false, true])(
    'fails at once wherever it is cut; reset: %s',
    {
      timeout: 30_000,
    },
    async (reset) => {
      const cuts: readonly (readonly [number, Buffer])[] = [
        [HEADER, start()],
        [M.startOk, tune()],
        [M.open, openOk],
      ];
      for (const [step, whole] of cuts) {
        for (let length = 0; length < whole.length; length++) {
          const error = await refused({ [step]: sayAndLeave(reset, whole.subarray(0, length)) });
          expect(error.code).toBe('CONNECTION_FAILED');
          expect(error.message).not.toContain('3000 ms');
        }
      }
    },
  );
});

describe('on amqplib, a handshake that is only odd', () => {
  const connects = async (answers: Answers): Promise<void> => {
    await using broker = await HostileBroker.start(answers);
    const link = await deadline(driver.connect(targetOf(broker.url), silent), 4000, 'connect');
    const peer = await broker.peers.next();
    await deadline(link.close(), 2000, 'close');
    await deadline(peer.closed, 1000, 'the end of the socket');
  };

  test.for([
    ['no limits', tune(0, 0, 0)],
    ['one channel', tune(1)],
    ['huge frames', tune(65_535, 0x7fff_ffff, 65_535)],
    ['frames above what is signed', tune(65_535, 0xffff_ffff, 1)],
  ] as const)('connects and closes: %s', async ([, limits]) => {
    await connects({ [M.startOk]: say(limits) });
  });

  test('connects where every byte comes by itself', async () => {
    const trickle =
      (whole: Buffer): Answer =>
      (socket) => {
        let at = 0;
        const next = (): void => {
          if (at < whole.length) socket.write(whole.subarray(at, ++at), () => setImmediate(next));
        };
        next();
        return undefined;
      };
    await connects({
      [HEADER]: trickle(start()),
      [M.startOk]: trickle(tune()),
      [M.open]: trickle(openOk),
    });
  });

  test('does not change the prototype of anything by what the server says of itself', async () => {
    const polluting = Buffer.concat([
      short('__proto__'),
      Buffer.from('F'),
      long(Buffer.concat([short('polluted'), Buffer.from('t'), u8(1)])),
    ]);
    await connects({ [HEADER]: say(start(polluting)) });
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  test.for([
    ['open-ok a second time', openOk],
    ['an end', closing(320)],
    ['a frame that ends wrongly', frame(8, 0, Buffer.alloc(0), 0)],
  ] as const)('is lost where this comes along with open-ok: %s', async ([, rest]) => {
    await using broker = await HostileBroker.start({ [M.open]: say(openOk, rest) });
    let told = (_: Error): void => {};
    const lost = new Promise<Error>((resolve) => {
      told = resolve;
    });
    await driver.connect(targetOf(broker.url), { ...silent, lost: told });
    await deadline(lost, 2000, 'the loss');
    const peer = await broker.peers.next();
    peer.socket.end();
    await deadline(peer.closed, 2000, 'the end of the socket');
  });

  test('is blocked from the start where the server says so along with open-ok', async () => {
    const blocked = method(0, M.blocked, short('low on memory'));
    await using broker = await HostileBroker.start({ [M.open]: say(openOk, blocked) });
    await using connection = await connect(broker.url, { driver });
    await expect
      .poll(() => connection.status)
      .toMatchObject({ state: 'blocked', reason: 'low on memory' });
  });

  test('tells what the server says of itself, timestamps as dates', async () => {
    const field = (name: string, type: string, value: Buffer): Buffer =>
      Buffer.concat([short(name), Buffer.from(type), value]);
    const table = Buffer.concat([
      field('product', 'S', long('Hare')),
      field('since', 'T', Buffer.concat([u16(0), u16(0), u16(0), u16(60)])),
      field('list', 'A', long(Buffer.concat([Buffer.from('t'), u8(1), Buffer.from('V')]))),
      field('capabilities', 'F', long(field('basic.nack', 't', u8(1)))),
      field('bytes', 'x', long(Buffer.of(1, 2))),
    ]);
    await using broker = await HostileBroker.start({ [HEADER]: say(start(table)) });
    await using connection = await connect(broker.url, { driver });
    expect(connection.serverProperties).toEqual({
      product: 'Hare',
      since: new Date(60_000),
      list: [true, null],
      capabilities: { 'basic.nack': true },
      bytes: Buffer.of(1, 2),
    });
  });
});
