import { deadline } from '@leveret/testkit';
import { describe, expect, test } from 'vitest';
import { LeveretError } from '../../errors/leveret-error.ts';
import {
  type Answer,
  type Answers,
  body,
  closing,
  frame,
  HEADER,
  HostileBroker,
  headersOf,
  kind,
  long,
  M,
  method,
  type Peer,
  short,
  silent as silence,
  start,
  tune,
  u8,
} from '../amqp/hostile-broker.fixture.ts';
import type { DriverTarget } from '../driver.ts';
import { rabbitmqClientDriver } from './driver.ts';
import { silent, targetOf } from './target.fixture.ts';

/** Tables in tables, `depth` of them, without the length of the outermost. */
function nested(depth: number): Buffer {
  let table = Buffer.alloc(0);
  for (let level = 0; level < depth; level++)
    table = Buffer.concat([short('k'), Buffer.from('F'), long(table)]);
  return table;
}

const openOk = method(0, M.openOk, short(''));
const say =
  (...parts: Buffer[]): Answer =>
  () =>
    Buffer.concat(parts);
const garbage = Buffer.from('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');

/** Says that, and then ends its side, or resets. */
const sayAndLeave =
  (reset: boolean, ...parts: Buffer[]): Answer =>
  (_, { socket }) => {
    if (reset) socket.write(Buffer.concat(parts), () => socket.resetAndDestroy());
    else socket.end(Buffer.concat(parts));
    return undefined;
  };

async function refused(
  answers: Answers,
  changes: Partial<DriverTarget> = {},
): Promise<LeveretError> {
  await using broker = await HostileBroker.start(answers);
  const target = { ...targetOf(broker.url), timeout: 3000, ...changes };
  const outcome = await deadline(
    rabbitmqClientDriver.connect(target, silent).then(
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

describe('a handshake in which the server falls silent', () => {
  test.for([
    ['before it has said anything', HEADER],
    ['after start-ok', M.startOk],
    ['after open', M.open],
  ] as const)('ends at the timeout: %s', async ([, step]) => {
    const error = await refused({ [step]: silence }, { timeout: 80 });
    expect(error.code).toBe('CONNECTION_FAILED');
  });
});

describe('a handshake with what is not AMQP 0-9-1 fails at once', () => {
  const cases: Readonly<Record<string, Answers>> = {
    'another protocol': { [HEADER]: say(garbage) },
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
    'a challenge': { [M.startOk]: say(method(0, M.secure, long('who?'))) },
    'a tune that breaks off': { [M.startOk]: say(method(0, M.tune, u8(0))) },
    'frames of at most one byte': { [M.startOk]: say(tune(0, 1)) },
    'frames of at most 20 bytes': { [M.startOk]: say(tune(0, 20)) },
    'frames smaller than AMQP allows': { [M.startOk]: say(tune(0, 4095)) },
    'open-ok in place of tune': { [M.startOk]: say(openOk) },
    'tune a second time': { [M.open]: say(tune()) },
    'a delivery in place of open-ok': { [M.open]: say(method(1, M.deliver)) },
  };
  test.for(Object.entries(cases))('%s', async ([, answers]) => {
    const error = await refused(answers);
    expect(error.code).toBe('CONNECTION_FAILED');
    expect(error.message.length).toBeLessThan(1000);
    expect(error.message).not.toContain('TIMEOUT');
  });
});

describe('a handshake that the server closes', () => {
  const steps = { 'at first': HEADER, 'after start-ok': M.startOk, 'after open': M.open };
  test.for(Object.entries(steps))('says why: %s', async ([, step]) => {
    const codes = {
      403: 'ACCESS_REFUSED',
      530: 'NOT_ALLOWED',
      541: 'CONNECTION_FAILED',
      0: 'CONNECTION_FAILED',
    };
    for (const [code, expected] of Object.entries(codes)) {
      const close = closing(0, Number(code));
      expect((await refused({ [step]: say(close) })).code).toBe(expected);
      expect((await refused({ [step]: sayAndLeave(false, close) })).code).toBe(expected);
    }
  });

  test.for([false, true])(
    'fails at once wherever it is cut; reset: %s',
    { timeout: 30_000 },
    async (reset) => {
      const steps: readonly (readonly [number, Buffer])[] = [
        [HEADER, start()],
        [M.startOk, tune()],
        [M.open, openOk],
      ];
      for (const [step, whole] of steps) {
        for (let length = 0; length < whole.length; length++) {
          const error = await refused({ [step]: sayAndLeave(reset, whole.subarray(0, length)) });
          expect(error.code).toBe('CONNECTION_FAILED');
          expect(error.message).not.toContain('timed out');
        }
      }
    },
  );
});

describe('a handshake that is only odd', () => {
  const connects = async (answers: Answers): Promise<void> => {
    await using broker = await HostileBroker.start(answers);
    const target = targetOf(broker.url);
    const link = await deadline(rabbitmqClientDriver.connect(target, silent), 4000, 'connect');
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
      (_, { socket }: Peer) => {
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

  test('is lost where open-ok comes twice', async () => {
    await using broker = await HostileBroker.start({ [M.open]: say(openOk, openOk) });
    let told = (_: Error): void => {};
    const lost = new Promise<Error>((resolve) => {
      told = resolve;
    });
    await rabbitmqClientDriver.connect(targetOf(broker.url), { ...silent, lost: told });
    await deadline(lost, 1000, 'the loss');
  });
});

test('an attempt that nobody wants any more lets go of its socket at once', async () => {
  await using broker = await HostileBroker.start({ ...kind, [HEADER]: silence });
  const wanted = new AbortController();
  const target = { ...targetOf(broker.url), signal: wanted.signal };
  const attempt = rabbitmqClientDriver.connect(target, silent);
  const peer = await broker.peers.next();
  wanted.abort();
  await expect(deadline(attempt, 1000, 'the end of the attempt')).rejects.toMatchObject({
    code: 'CLOSED',
  });
  peer.socket.end();
  await deadline(peer.closed, 1000, 'the end of the socket');
  const later = rabbitmqClientDriver.connect(target, silent);
  await expect(deadline(later, 1000, 'an attempt')).rejects.toMatchObject({ code: 'CLOSED' });
});
