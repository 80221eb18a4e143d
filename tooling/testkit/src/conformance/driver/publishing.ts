import assert from 'node:assert/strict';
import { uniqueName } from '../../with-broker.ts';
import {
  type Bench,
  collect,
  outgoing,
  rejectedWith,
  soon,
  tagsUpTo,
  takeConfirmed,
  tempQueue,
} from './bench.ts';
import type { End } from './port.ts';
import type { DriverCase, Suite } from './suite.ts';

/** Confirms, returns, transactions, and publishes that the broker closes the channel over. */
export function publishingCases(suite: Suite): DriverCase[] {
  return [
    {
      title: 'publish tags count from 1 in order of the calls, and each is confirmed once',
      run: async () => {
        await using bench = await suite.connect();
        const channel = await bench.publisher();
        const queue = await tempQueue(channel);
        const tags = Array.from({ length: 2000 }, () => channel.publish(outgoing(queue)));
        assert.deepEqual(
          tags,
          Array.from({ length: 2000 }, (_, index) => index + 1),
        );
        await bench.allConfirmed(2000);
        assert.equal((await channel.checkQueue(queue)).messageCount, 2000);
        assert.equal(bench.told.size, 0);
      },
    },
    {
      title: 'a message that the queue refuses is told as not taken',
      run: async () => {
        await using bench = await suite.connect();
        const channel = await bench.publisher();
        const name = uniqueName('full');
        await channel.declareQueue({
          name,
          durable: false,
          exclusive: true,
          autoDelete: false,
          arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' },
        });
        const outcomes = [];
        for (let round = 0; round < 3; round++) {
          channel.publish(outgoing(name));
          outcomes.push((await bench.next('confirmed')).ok);
        }
        assert.equal(outcomes[0], true);
        assert.equal(outcomes.at(-1), false);
      },
    },
    { title: 'a return is told before its confirm', run: () => returnsComeFirst(suite) },
    {
      title: 'a return brings back the bytes and properties that were sent',
      run: async () => {
        await using bench = await suite.connect();
        const channel = await bench.publisher();
        const message = outgoing(uniqueName('nowhere'), {
          body: Buffer.from('{"id": 9007199254740993}'),
          contentType: 'application/json',
          headers: { attempt: 3, path: ['a', { b: null }] },
          correlationId: 'call',
        });
        channel.publish(message);
        const { message: returned } = await bench.next('returned');
        assert.equal(returned.replyCode, 312);
        assert.deepEqual([...returned.body], [...message.body]);
        assert.deepEqual({ ...returned.headers }, message.headers);
        assert.equal(returned.routingKey, message.routingKey);
        assert.equal(returned.messageId, message.messageId);
        assert.equal(returned.correlationId, 'call');
        assert.equal(returned.contentType, 'application/json');
      },
    },
    {
      title: 'a publish that is not mandatory is confirmed and not returned',
      run: async () => {
        await using bench = await suite.connect();
        const channel = await bench.publisher();
        channel.publish(outgoing(uniqueName('nowhere'), { mandatory: false }));
        assert.equal((await bench.next('confirmed')).ok, true);
      },
    },
    {
      title: 'a socket that holds enough is congested, and tells when it takes more again',
      run: async () => {
        await using bench = await suite.connect();
        const channel = await bench.publisher();
        const queue = await tempQueue(channel);
        assert.equal(channel.congested, false);
        const body = Buffer.alloc(1_000_000);
        let sent = 0;
        for (; !channel.congested && sent < 64; sent++) channel.publish(outgoing(queue, { body }));
        assert.equal(channel.congested, true);
        await bench.writable.next();
        assert.equal(channel.congested, false);
        await bench.allConfirmed(sent);
      },
    },
    {
      title: 'publish tags count anew from the moment that confirms are on',
      run: async () => {
        await using bench = await suite.connect();
        const channel = await bench.channel();
        const queue = await tempQueue(channel);
        channel.publish(outgoing(queue));
        await soon(channel.selectConfirms(), 'confirm.select');
        assert.equal(channel.publish(outgoing(queue)), 1);
        await bench.allConfirmed(1);
        assert.equal((await channel.checkQueue(queue)).messageCount, 2);
      },
    },
    ...closingCases(suite),
    ...transactionCases(suite),
  ];
}

async function returnsComeFirst(suite: Suite): Promise<void> {
  await using bench = await suite.connect();
  const channel = await bench.publisher();
  const queue = await tempQueue(channel);
  const unroutable = new Map<number, string>();
  for (let index = 0; index < 200; index++) {
    if (index % 3 > 0) {
      channel.publish(outgoing(queue));
      continue;
    }
    const message = outgoing(uniqueName('nowhere'));
    unroutable.set(channel.publish(message), message.messageId);
  }
  const returned = new Set<string | undefined>();
  for (const open = tagsUpTo(200); open.size > 0; ) {
    const told = await bench.told.next();
    if (told.kind === 'returned') {
      returned.add(told.message.messageId);
      continue;
    }
    if (told.kind !== 'confirmed') assert.fail(`told ${told.kind} where a confirm was to come`);
    for (const tag of takeConfirmed(open, told)) {
      const id = unroutable.get(tag);
      assert.ok(id === undefined || returned.has(id), `${tag} was confirmed before its return`);
    }
  }
  assert.equal(returned.size, unroutable.size);
}

function closingCases(suite: Suite): DriverCase[] {
  return [
    {
      title: 'a publish to a missing exchange ends the channel with 404 and blames no request',
      run: async () => {
        await using bench = await suite.connect();
        const channel = await bench.publisher();
        const queue = await tempQueue(channel);
        channel.publish(outgoing(queue));
        channel.publish(outgoing(queue, { exchange: uniqueName('missing') }));
        channel.publish(outgoing(queue));
        const request = channel.checkQueue(queue);
        await rejectedWith(request, 'CONNECTION_LOST');
        const end = await untilEnded(bench);
        assert.equal(end.replyCode, 404);
        assert.equal(end.publish, true);
        const other = await bench.channel();
        await soon(other.checkQueue(queue), 'a request on another channel');
        assert.equal(bench.told.size, 0, 'something was told after the end');
      },
    },
    {
      title: 'a publish to an internal exchange ends the channel with 403',
      run: async () => {
        await using bench = await suite.connect();
        const channel = await bench.publisher();
        const name = uniqueName('internal');
        await channel.declareExchange({
          name,
          type: 'fanout',
          durable: false,
          autoDelete: false,
          internal: true,
          arguments: undefined,
        });
        channel.publish(outgoing('', { exchange: name }));
        const end = await untilEnded(bench);
        assert.equal(end.replyCode, 403);
        assert.equal(end.publish, true);
        await (await bench.channel()).deleteExchange(name, { ifUnused: false });
      },
    },
  ];
}

function transactionCases(suite: Suite): DriverCase[] {
  return [
    {
      title: 'what is published in a transaction is there after commit, and not after rollback',
      run: async () => {
        await using bench = await suite.connect();
        const channel = await bench.channel();
        const queue = await tempQueue(channel);
        await channel.selectTransactions();
        channel.publish(outgoing(queue));
        await soon(channel.rollback(), 'tx.rollback');
        channel.publish(outgoing(queue));
        channel.publish(outgoing(queue));
        await soon(channel.commit(), 'tx.commit');
        const other = await bench.channel();
        assert.equal((await other.checkQueue(queue)).messageCount, 2);
        const { deliveries } = await collect(other, queue);
        await deliveries.take(2);
      },
    },
  ];
}

/** The end of the channel, after whatever confirms came before it. */
async function untilEnded({ told: inbox }: Bench): Promise<Extract<End, { kind: 'channel' }>> {
  for (;;) {
    const told = await inbox.next();
    if (told.kind === 'confirmed') continue;
    assert.equal(told.kind, 'ended');
    if (told.kind !== 'ended' || told.end.kind !== 'channel') assert.fail('the connection ended');
    return told.end;
  }
}
