import assert from 'node:assert/strict';
import { createInbox } from '../../inbox.ts';
import { uniqueName } from '../../with-broker.ts';
import { type Bench, outgoing, rejectedWith, soon, tempQueue } from './bench.ts';
import type { ChannelUnderTest, End } from './port.ts';
import type { DriverCase, Suite } from './suite.ts';
import { deaf } from './target.ts';

/** Requests that the broker closes the channel over. */
export function refusalCases(suite: Suite): DriverCase[] {
  return [
    refusal(suite, 'NOT_FOUND', 404, 'a queue that is not there', (channel) =>
      channel.checkQueue(uniqueName('missing')),
    ),
    refusal(suite, 'NOT_FOUND', 404, 'an exchange that is not there', (channel) =>
      channel.checkExchange(uniqueName('missing')),
    ),
    refusal(suite, 'NOT_FOUND', 404, 'get from a queue that is not there', (channel) =>
      channel.get(uniqueName('missing'), { noAck: false }),
    ),
    refusal(suite, 'NOT_FOUND', 404, 'consume from a queue that is not there', (channel) =>
      channel.consume({
        queue: uniqueName('missing'),
        consumerTag: '',
        noAck: false,
        exclusive: false,
        arguments: undefined,
        deliver: () => {},
      }),
    ),
    refusal(
      suite,
      'NOT_FOUND',
      404,
      'a binding to an exchange that is not there',
      async (channel) =>
        channel.bindQueue({
          destination: await tempQueue(channel),
          source: uniqueName('missing'),
          routingKey: '',
          arguments: undefined,
        }),
    ),
    refusal(suite, 'ACCESS_REFUSED', 403, 'an exchange under a reserved name', (channel) =>
      channel.declareExchange({
        name: uniqueName('amq.mine'),
        type: 'direct',
        durable: false,
        autoDelete: false,
        internal: false,
        arguments: undefined,
      }),
    ),
    refusal(suite, 'PRECONDITION_FAILED', 406, 'a queue with other properties', async (channel) => {
      const name = await tempQueue(channel);
      const spec = { name, durable: false, exclusive: true, autoDelete: true };
      await channel.declareQueue({ ...spec, arguments: undefined });
    }),
    {
      title: 'a queue that is exclusive to another connection is refused with RESOURCE_LOCKED',
      run: async () => {
        await using owner = await suite.connect();
        const queue = await tempQueue(await owner.channel());
        await using bench = await suite.connect();
        const channel = await bench.channel();
        await rejectedWith(channel.checkQueue(queue), 'RESOURCE_LOCKED');
        await endedAlone(bench, 405);
      },
    },
    {
      title: 'a refusal fails its own request; the others on the channel fail as unanswered',
      run: async () => {
        await using bench = await suite.connect();
        const channel = await bench.channel();
        const before = tempQueue(channel);
        const guilty = rejectedWith(channel.checkQueue(uniqueName('missing')), 'NOT_FOUND');
        const after = rejectedWith(tempQueue(channel), 'CONNECTION_LOST');
        const different = rejectedWith(
          channel.purgeQueue(uniqueName('whatever')),
          'CONNECTION_LOST',
        );
        await soon(before, 'the request before it');
        await Promise.all([guilty, after, different]);
        await endedAlone(bench, 404);
        await rejectedWith(tempQueue(channel), 'CONNECTION_LOST');
      },
    },
    {
      title: 'a channel too many is refused, and the connection goes on',
      run: async () => {
        await using bench = await suite.connect({ channelMax: 1 });
        const channel = await bench.channel();
        await rejectedWith(bench.channel(), 'REFUSED');
        await tempQueue(channel);
        await soon(channel.close(), 'channel.close');
        await tempQueue(await bench.channel());
        assert.equal(bench.told.size, 0);
      },
    },
    {
      title: 'acknowledgements on a channel that has ended do nothing',
      run: async () => {
        await using bench = await suite.connect();
        const channel = await bench.channel();
        await rejectedWith(channel.checkQueue(uniqueName('missing')), 'NOT_FOUND');
        await bench.next('ended');
        channel.ack(1, false);
        channel.nack(2, true);
        channel.reject(3, true);
        await tempQueue(await bench.channel());
        assert.equal(bench.told.size, 0);
      },
    },
    {
      title: 'what is sent while the end of a channel is told goes nowhere, and costs nothing else',
      run: () => endedWhileSending(suite),
    },
    {
      title:
        'an acknowledgement of an unknown delivery ends the channel with 406, not the connection',
      run: async () => {
        await using bench = await suite.connect();
        const channel = await bench.channel();
        channel.ack(7, false);
        await endedAlone(bench, 406);
      },
    },
  ];
}

async function endedWhileSending(suite: Suite): Promise<void> {
  await using bench = await suite.connect();
  const ends = createInbox<End>('the end of a channel');
  const channel = await bench.link.openChannel({
    ...deaf,
    ended: (end) => {
      channel.publish(outgoing(uniqueName('nowhere')));
      channel.nack(1, true);
      ends.push(end);
    },
  });
  await rejectedWith(channel.checkQueue(uniqueName('missing')), 'NOT_FOUND');
  assert.equal((await ends.next()).kind, 'channel');
  await tempQueue(await bench.channel());
  assert.equal(bench.told.size, 0);
}

function refusal(
  suite: Suite,
  code: string,
  replyCode: number,
  what: string,
  request: (channel: ChannelUnderTest) => Promise<unknown>,
): DriverCase {
  return {
    title: `${what} is refused with ${code}, and only that channel ends`,
    run: async () => {
      await using bench = await suite.connect();
      const error = await rejectedWith(request(await bench.channel()), code);
      assert.match(error.message, new RegExp(String(replyCode)));
      await endedAlone(bench, replyCode);
    },
  };
}

/** The first channel ended, not over a publish, and the connection goes on. */
async function endedAlone(bench: Bench, replyCode: number): Promise<void> {
  const { end, channel } = await bench.next('ended');
  assert.equal(channel, 1);
  assert.equal(end.kind, 'channel');
  if (end.kind !== 'channel') return;
  assert.equal(end.replyCode, replyCode);
  assert.equal(end.publish, false);
  await tempQueue(await bench.channel());
  assert.equal(bench.told.size, 0, 'something else was told');
}
