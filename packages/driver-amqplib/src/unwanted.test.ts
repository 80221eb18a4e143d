import { createInbox, deadline } from '@leveret/testkit';
import { beforeEach, describe, expect, type MockInstance, onTestFinished, test, vi } from 'vitest';
import { amqplibDriver } from './driver.ts';
import {
  type Answers,
  HEADER,
  HostileBroker,
  M,
  silence,
  silent,
  targetOf,
} from './hostile-broker.fixture.ts';

const driver = amqplibDriver();
/** Tells the timer of an attempt from all others. */
const TIMEOUT = 61_234;

let timeouts: MockInstance<typeof setTimeout>;
let intervals: MockInstance<typeof setInterval>;
beforeEach(() => {
  timeouts = vi.spyOn(globalThis, 'setTimeout');
  intervals = vi.spyOn(globalThis, 'setInterval');
  onTestFinished(() => void vi.restoreAllMocks());
});

/** Checks that each timer of attempts and heartbeats has fired or was cleared; there were that many. */
function noneLeft(attempts: number, heartbeats: number): void {
  const own = timeouts.mock.results.filter(
    (_, index) => timeouts.mock.calls[index]?.[1] === TIMEOUT,
  );
  const beats = intervals.mock.results;
  expect([own.length, beats.length]).toEqual([attempts, heartbeats]);
  for (const { value } of [...own, ...beats])
    expect(Reflect.get(Object(value), '_destroyed')).toBe(true);
}

describe('on amqplib, an attempt that nobody wants any more', () => {
  const steps: Readonly<Record<string, readonly [number, Answers]>> = {
    'before the server has said anything': [HEADER, { [HEADER]: silence }],
    'after start-ok': [M.startOk, { [M.startOk]: silence }],
    'after open': [M.open, { [M.open]: silence }],
  };
  test.for(Object.entries(steps))(
    'ends with CLOSED at once, and leaves no timer and no socket: %s',
    async ([, [step, answers]]) => {
      await using broker = await HostileBroker.start(answers);
      const wanted = new AbortController();
      const target = { ...targetOf(broker.url), signal: wanted.signal, timeout: TIMEOUT };
      const attempt = driver.connect(target, silent);
      const peer = await broker.peers.next();
      while ((await peer.asked.next()) !== step);
      wanted.abort();
      await expect(deadline(attempt, 1000, 'the end of the attempt')).rejects.toMatchObject({
        code: 'CLOSED',
      });
      peer.socket.end();
      await deadline(peer.closed, 1000, 'the end of the socket');
      noneLeft(1, 0);
    },
  );

  test('ends with CLOSED at once where it has not begun', async () => {
    await using broker = await HostileBroker.start();
    const signal = AbortSignal.abort();
    const attempt = driver.connect({ ...targetOf(broker.url), signal, timeout: TIMEOUT }, silent);
    await expect(deadline(attempt, 1000, 'the attempt')).rejects.toMatchObject({ code: 'CLOSED' });
    noneLeft(1, 0);
  });
});

describe('on amqplib, no timer is left', () => {
  test.for([
    ['refuses', 'amqp://127.0.0.1:1/'],
    ['is not there', 'amqp://nowhere.invalid/'],
  ] as const)('by an attempt at a server that %s', async ([, url]) => {
    const attempt = driver.connect({ ...targetOf(url), timeout: TIMEOUT }, silent);
    await expect(attempt).rejects.toMatchObject({
      code: 'CONNECTION_FAILED',
      message: expect.stringMatching(/ECONNREFUSED|ENOTFOUND|EAI_AGAIN/),
    });
    noneLeft(1, 0);
  });

  test('by a connection that was closed, let go of, or lost', async () => {
    await using broker = await HostileBroker.start();
    const target = { ...targetOf(broker.url), timeout: TIMEOUT };
    const closed = await driver.connect(target, silent);
    await deadline(closed.close(), 1000, 'close');
    const dropped = await driver.connect(target, silent);
    dropped.destroy();
    const ended = createInbox<Error>('the loss of a connection');
    await driver.connect(target, { ...silent, lost: ended.push });
    for (let count = 0; count < 3; count++) (await broker.peers.next()).socket.resetAndDestroy();
    await ended.next();
    noneLeft(3, 6);
  });
});
