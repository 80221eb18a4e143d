// The link is cut at every byte of a publish, and of its confirm.
import { createInbox, deadline, startTcpProxy, type TcpProxy } from '@leveret/testkit';
import { describeWithBroker, uniqueName } from '@leveret/testkit/vitest';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { IncomingMessage } from '../message/incoming.ts';
import { openPair, text } from './live.fixture.ts';

describeWithBroker('a publish whose link is cut', (getUrl) => {
  test('at any byte, either way, arrives once or twice under one id, and is confirmed', {
    timeout: 60_000,
  }, async () => {
    await using bench = await openBench(getUrl());
    const { proxy, pair, queue, arrived } = bench;
    const { defaultExchange } = pair.channel;
    const message = text('a body that is long enough to be cut in the middle');
    await defaultExchange.publish(message, queue.name);
    await arrived.next();

    /** Publishes one message over a link that is cut after so many bytes; gives how often it arrived. */
    const publish = async (cut: Cut): Promise<number> => {
      const messageId = uniqueName('id');
      void proxy.cutAfter(cut.direction, cut.bytes, { reset: cut.reset });
      const confirmed = defaultExchange.publish({ ...message, messageId }, queue.name);
      await deadline(confirmed, 10_000, `the confirm, ${JSON.stringify(cut)}`);
      // Where that many bytes never went, the message after it takes the cut.
      await defaultExchange.publish({ ...message, messageId: `${messageId}-after` }, queue.name);
      proxy.heal();
      const ids: (string | undefined)[] = [];
      while (ids.at(-1) !== `${messageId}-after`) ids.push((await arrived.next()).messageId);
      return ids.filter((id) => id === messageId).length;
    };

    const lengthOf = { toServer: 320, toClient: 24 };
    for (const direction of ['toServer', 'toClient'] as const)
      for (let bytes = 0; bytes <= lengthOf[direction]; bytes++)
        expect([1, 2]).toContain(await publish({ direction, bytes, reset: bytes % 2 === 1 }));
  });

  test('at random bytes of many in flight loses none and keeps their order', {
    timeout: 60_000,
  }, async () => {
    await using bench = await openBench(getUrl());
    const { proxy, pair, queue, arrived } = bench;
    const cut = fc.record<Cut>({
      direction: fc.constantFrom('toServer', 'toClient'),
      bytes: fc.nat(6000),
      reset: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(cut, { minLength: 1, maxLength: 3 }), async (cuts) => {
        const run = uniqueName('run');
        const ids = Array.from({ length: 60 }, (_, index) => `${run}/${index}`);
        const publishing: Promise<void>[] = [];
        void cutInTurn(proxy, cuts);
        for (const messageId of ids)
          publishing.push(
            pair.channel.defaultExchange.publish({ ...text(messageId), messageId }, queue.name),
          );
        await deadline(Promise.all(publishing), 20_000, 'the confirms');
        await pair.channel.defaultExchange.publish({ ...text(run), messageId: run }, queue.name);
        proxy.heal();
        const firsts = new Set<string | undefined>();
        for (;;) {
          const { messageId } = await arrived.next();
          if (messageId === run) break;
          if (messageId?.startsWith(`${run}/`)) firsts.add(messageId);
        }
        expect([...firsts]).toEqual(ids);
      }),
      { numRuns: 25 },
    );
  });
});

/** A publisher whose link can be cut, and what arrives of it. */
async function openBench(url: string) {
  const { hostname: host, port } = new URL(url);
  const proxy = await startTcpProxy({ host, port: Number(port) });
  const observer = await openPair(url);
  const pair = await openPair(proxy.url(url), { backoff: { initial: 1, max: 1 } });
  const queue = await observer.channel.declareQueue(uniqueName('cut'), { autoDelete: true });
  const arrived = createInbox<IncomingMessage>('a message');
  await queue.consume(arrived.push, { noAck: true });
  const dispose = async (): Promise<void> => {
    await Promise.all([pair, observer].map(({ connection }) => connection.close()));
    await proxy.close();
  };
  return { proxy, pair, queue, arrived, [Symbol.asyncDispose]: dispose };
}

/** Each cut is ordered when the one before it has happened; where too few bytes pass, the rest never is. */
async function cutInTurn(proxy: TcpProxy, cuts: readonly Cut[]): Promise<void> {
  for (const { direction, bytes, reset } of cuts) await proxy.cutAfter(direction, bytes, { reset });
}

interface Cut {
  readonly direction: 'toServer' | 'toClient';
  readonly bytes: number;
  readonly reset: boolean;
}
