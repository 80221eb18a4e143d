import { createInbox, deadline } from '@leveret/testkit';
import {
  type Answer,
  type Answers,
  body,
  closing,
  deliver,
  HEADER,
  HostileBroker,
  header,
  kind,
  M,
  method,
  silence,
  tune,
} from '@leveret/testkit/hostile';
import { startSource } from '@leveret/testkit/vitest';
import { expect, onTestFinished, test } from 'vitest';
import { LEFT } from './hostile-exit.fixture.ts';

const say =
  (...parts: Buffer[]): Answer =>
  () =>
    Buffer.concat(parts);
/** Does that to the first client, and is kind to the next. */
const once = (id: number, attack: Answer): Answers => {
  let done = false;
  return {
    [id]: (asked, peer) => {
      if (done) return kind[id]?.(asked, peer);
      done = true;
      return attack(asked, peer);
    },
  };
};

const attacks: Readonly<Record<string, Answers>> = {
  'garbage in the handshake, once': once(HEADER, say(Buffer.from('SSH-2.0-OpenSSH_9.2p1\r\n'))),
  'silence in the handshake': { [HEADER]: silence },
  'frames too small, once': once(M.startOk, say(tune(0, 100))),
  'a reset in the handshake, once': once(M.open, (_, { socket }) => {
    socket.resetAndDestroy();
    return undefined;
  }),
  'a channel that is never opened': once(M.channelOpen, silence),
  'the wrong answer': once(M.queueDeclare, say(method(1, M.qosOk))),
  'a message without end': once(
    M.queueDeclare,
    say(deliver(1, 'x'), header(1, 2n ** 63n), body(1, 'abc')),
  ),
  'a close after which it stays': once(M.queueDeclare, say(closing(0, 320))),
  'a request that is never answered': { [M.queueDeclare]: silence },
  'goodbyes that are never answered': { [M.close]: silence, [M.channelClose]: silence },
  'a channel closed in answer to its goodbye': {
    [M.channelClose]: ({ channel }) => closing(channel, 404),
  },
};

test('after each attack the connection recovers or gives up, close leaves nothing, and the process exits by itself', {
  timeout: 90_000,
}, async () => {
  const brokers = await Promise.all(
    Object.values(attacks).map((each) => HostileBroker.start(each)),
  );
  onTestFinished(async () => {
    for (const broker of brokers) await broker[Symbol.asyncDispose]();
  });
  const fixture = new URL('./hostile-exit.fixture.ts', import.meta.url);
  const lines = createInbox<string>('what is left after an attack');
  const urls = brokers.map(({ url }) => url);
  const process = startSource(fixture, urls, lines.push);
  const dead = new Promise<string>((resolve) => {
    process.child.once('exit', () => resolve('the process ended'));
  });

  const left: Record<string, string> = {};
  for (const name of Object.keys(attacks))
    left[name] = await Promise.race([lines.next(30_000), dead]);
  expect(left).toEqual(Object.fromEntries(Object.keys(attacks).map((name) => [name, LEFT])));
  expect(await deadline(process.finish(), 3000, 'the exit of the process')).toBe(0);
});
