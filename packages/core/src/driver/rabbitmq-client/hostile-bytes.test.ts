import { deadline } from '@leveret/testkit';
import { deaf, silent, targetOf } from '@leveret/testkit/driver';
import {
  type Answer,
  type Answers,
  delivery,
  frame,
  HEADER,
  HostileBroker,
  kind,
  M,
  method,
  settled,
  short,
} from '@leveret/testkit/hostile';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nowhere } from '../../message/messages.fixture.ts';
import type { DriverConnection } from '../driver.ts';
import { rabbitmqClientDriver } from './driver.ts';
import { collect } from './victim.fixture.ts';

const RUNS = { seed: 9_1, numRuns: 20 };
/** So many sessions run beside each other. */
const BESIDE = 25;
/** Milliseconds until a session is given up from above, as deadlines of users do. */
const PATIENCE = 60;

/** A broker that means well, and talks more than one that only answers. */
const talkative: Answers = {
  ...kind,
  [M.publish]: ({ channel }) => settled(channel, M.ack, 1n, 1),
  [M.consume]: (asked, peer) =>
    Buffer.concat([
      kind[M.consume]?.(asked, peer) ?? Buffer.alloc(0),
      delivery(asked.channel, 'leveret-1-1'),
      delivery(asked.channel, 'leveret-1-1', 2n, 'x'.repeat(300)),
      method(0, M.blocked, short('low')),
      method(0, M.unblocked),
    ]),
};

interface Edit {
  readonly kind: 'flip' | 'insert' | 'delete' | 'duplicate' | 'truncate';
  /** Of the bytes that the broker sends. */
  readonly at: number;
  readonly value: number;
}

const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom('flip', 'insert', 'delete', 'duplicate', 'truncate'),
  at: fc.nat(700),
  value: fc.integer({ min: 1, max: 255 }),
});

function edited(bytes: Buffer, at: number, { kind: how, value }: Edit): Buffer {
  const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at + 1)];
  const byte = bytes.subarray(at, at + 1);
  switch (how) {
    case 'flip':
      return Buffer.concat([head, Buffer.of((byte[0] ?? 0) ^ value), tail]);
    case 'insert':
      return Buffer.concat([head, Buffer.alloc(value, value), byte, tail]);
    case 'delete':
      return Buffer.concat([head, bytes.subarray(at + value)]);
    case 'duplicate':
      return Buffer.concat([bytes, bytes.subarray(at)]);
    case 'truncate':
      return head;
  }
}

/** The broker's side of a session with the edits made where they belong in it. */
function tampered(edits: readonly Edit[]): Answers {
  let offset = 0;
  const tamper =
    (answer: Answer): Answer =>
    (asked, peer) => {
      const whole = answer(asked, peer);
      if (!whole) return undefined;
      const from = offset;
      offset += whole.length;
      const here = edits.filter(({ at }) => at >= from && at < offset);
      return here.reduce((bytes, each) => edited(bytes, each.at - from, each), whole);
    };
  return Object.fromEntries(Object.entries(talkative).map(([id, answer]) => [id, tamper(answer)]));
}

/** Uses a connection as a program would; what it waits for may fail. */
async function use(link: DriverConnection): Promise<void> {
  const channel = await link.openChannel(deaf);
  await channel.selectConfirms();
  channel.publish(nowhere());
  const { deliveries } = await collect(channel);
  for (const { deliveryTag } of deliveries.drain()) channel.ack(deliveryTag, false);
  await Promise.all([channel.setQos(1, false), channel.checkQueue('q')]);
  await channel.get('q', { noAck: true });
  await channel.close();
  await link.close();
}

/** A session that is given up after a while: everything in it must be over soon after. */
async function session(answers: Answers): Promise<'well' | 'failed'> {
  await using broker = await HostileBroker.start(answers);
  const target = { ...targetOf(broker.url), timeout: PATIENCE };
  let outcome: 'well' | 'failed' = 'failed';
  const connecting = rabbitmqClientDriver.connect(target, silent);
  const link = await deadline(connecting, PATIENCE + 2000, 'connect').catch(noLink);
  if (link) {
    const using = use(link).then(() => {
      outcome = 'well';
    });
    const done = using.catch(() => {});
    await deadline(done, PATIENCE, 'the session').catch(() => {});
    link.destroy();
    await deadline(Promise.all([done, link.close()]), 2000, 'the end of what was asked');
  }
  const peer = await broker.peers.next();
  peer.socket.end();
  await deadline(peer.closed, 2000, 'the end of the socket');
  return outcome;
}

function noLink(error: unknown): undefined {
  if (error instanceof Error && Reflect.has(error, 'retryable')) return undefined;
  throw error;
}

async function isWell(): Promise<void> {
  expect(await session(talkative)).toBe('well');
}

test('whatever becomes of the bytes of a broker, all that is asked ends, and the next connection works', {
  timeout: 60_000,
}, async () => {
  await isWell();
  const edits = fc.array(edit, { minLength: 1, maxLength: 3 });
  const sessions = fc.array(edits, { minLength: BESIDE, maxLength: BESIDE });
  await fc.assert(
    fc.asyncProperty(sessions, async (all) => {
      await Promise.all(all.map((each) => session(tampered(each))));
    }),
    RUNS,
  );
  await isWell();
});

test('whatever a server says at whatever time, all that is asked ends, and the next connection works', {
  timeout: 60_000,
}, async () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 }).map((raw) => Buffer.from(raw));
  const id = fc.oneof(fc.constantFrom(...Object.values(M)), fc.nat());
  const frames = fc.oneof(
    bytes,
    fc
      .tuple(fc.constantFrom(1, 2, 3, 8), fc.nat(2), bytes)
      .map(([type, channel, payload]) => frame(type, channel, payload)),
    fc
      .tuple(fc.nat(2), id, bytes)
      .map(([channel, methodId, fields]) => method(channel, methodId, fields)),
  );
  const noise = fc.record({
    when: fc.constantFrom(HEADER, M.startOk, M.open, M.channelOpen, M.consume, M.get, M.close),
    answers: fc.boolean(),
    said: fc.array(frames, { minLength: 1, maxLength: 5 }),
  });
  const sessions = fc.array(noise, { minLength: BESIDE, maxLength: BESIDE });
  await fc.assert(
    fc.asyncProperty(sessions, async (all) => {
      const noisy = all.map(({ when, answers, said }) =>
        session({
          ...talkative,
          [when]: (asked, peer) => {
            const first = answers ? talkative[when]?.(asked, peer) : undefined;
            return Buffer.concat([first ?? Buffer.alloc(0), ...said]);
          },
        }),
      );
      await Promise.all(noisy);
    }),
    RUNS,
  );
  await isWell();
});
