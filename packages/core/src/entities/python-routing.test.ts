import { createInbox } from '@leveret/testkit';
import { describeWithBroker, hasAioPika, startPython, uniqueName } from '@leveret/testkit/vitest';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { IncomingMessage } from '../message/incoming.ts';
import { UnroutableError } from '../message/unroutable-error.ts';
import { errorOf, fill, openPair, privateQueue, text, textOf } from './live.fixture.ts';
import type { Queue } from './queue.ts';

const WAIT = 20_000;

describe.skipIf(!hasAioPika)('a broker', { timeout: 60_000 }, () => {
  describeWithBroker('shared with aio-pika', (getUrl) => {
    test('routes by exchanges of each type, whoever declares, binds and publishes', async () => {
      await using pair = await openPair(getUrl());
      const { channel } = pair;
      const [ours, theirs] = [uniqueName('ours'), uniqueName('theirs')];
      const queue = await privateQueue(channel);
      const got = createInbox<string | undefined>('a message');
      await queue.consume((message) => got.push(textOf(message)), { noAck: true });
      const bind = async (name: string) => {
        await queue.bind(`${name}-topic`, 'user.*.#');
        await queue.bind(`${name}-fanout`, '');
        await queue.bind(`${name}-headers`, '', { arguments: { kind: 'a', 'x-match': 'all' } });
      };
      for (const type of ['topic', 'fanout', 'headers'])
        await channel.declareExchange(`${ours}-${type}`, { type, autoDelete: true });
      await bind(ours);
      const python = startPython(
        getUrl(),
        `
queue = await channel.declare_queue(exclusive=True)
async def publish(name):
    topic = await channel.get_exchange(f"{name}-topic")
    fanout = await channel.get_exchange(f"{name}-fanout")
    headers = await channel.get_exchange(f"{name}-headers")
    await queue.bind(topic, "user.*.#")
    await queue.bind(fanout)
    await queue.bind(headers, arguments={"kind": "a", "x-match": "all"})
    await topic.publish(Message(b"topic"), "user.1.created")
    await topic.publish(Message(b"no topic"), "users.1")
    await fanout.publish(Message(b"fanout"), "any")
    await headers.publish(Message(b"headers", headers=dict(kind="a", more=1)), "")
    await headers.publish(Message(b"no headers", headers=dict(kind="b")), "")
async def on_message(message):
    say(message.body.decode())
await queue.consume(on_message, no_ack=True)
for type in (ExchangeType.TOPIC, ExchangeType.FANOUT, ExchangeType.HEADERS):
    await channel.declare_exchange(f"{args[1]}-{type.value}", type, durable=True, auto_delete=True)
await publish(args[0])
await publish(args[1])
say("published")
await told_to_end()
`,
        [ours, theirs],
      );
      const each = ['topic', 'fanout', 'headers'];
      expect(await got.take(3, WAIT)).toStrictEqual(each);
      const said = await python.saidAll(7);
      expect([...said].sort()).toStrictEqual([...each, ...each, 'published'].sort());
      await bind(theirs);
      for (const name of [ours, theirs]) {
        await channel.getExchange(`${name}-topic`).then((to) => to.publish(text('t'), 'user.1'));
        await channel.getExchange(`${name}-fanout`).then((to) => to.publish(text('f'), ''));
        const headers = await channel.getExchange(`${name}-headers`);
        await headers.publish({ ...text('h'), headers: { kind: 'a' } }, '');
        await headers.publish({ ...text('no'), headers: { kind: 'b' } }, '', { mandatory: false });
      }
      expect(await got.take(6, WAIT)).toStrictEqual(['t', 'f', 'h', 't', 'f', 'h']);
      expect(await python.saidAll(6)).toStrictEqual(['t', 'f', 'h', 't', 'f', 'h']);
      await python.finish();
    });

    test('gives either side the transactions of the other whole or not at all', async () => {
      await using pair = await openPair(getUrl());
      const { channel } = pair;
      const [there, here] = [uniqueName('there'), uniqueName('here')];
      const queue = await channel.declareQueue(there, { autoDelete: true });
      const got = createInbox<string | undefined>('a message');
      const ours = await channel.declareQueue(here, { exclusive: true });
      await ours.consume((message) => got.push(textOf(message)), { noAck: true });
      const failed = channel.transaction(async () => {
        await fill(channel, queue, 'not', 'these');
        throw new Error('changed my mind');
      });
      await expect(failed).rejects.toThrow('changed my mind');
      await channel.transaction(() => fill(channel, queue, 'both', 'of these'));
      const python = startPython(
        getUrl(),
        `
channel = await connection.channel(publisher_confirms=False)
exchange = channel.default_exchange
try:
    async with channel.transaction():
        await exchange.publish(Message(b"not this"), args[1])
        raise ValueError("changed my mind")
except ValueError:
    pass
async with channel.transaction():
    await exchange.publish(Message(b"both"), args[1])
    await exchange.publish(Message(b"of these"), args[1])
channel = await connection.channel()
queue = await channel.get_queue(args[0])
say([(await queue.get(no_ack=True)).body.decode() for _ in range(queue.declaration_result.message_count)])
await queue.delete()
`,
        [there, here],
      );
      expect(await got.take(2, WAIT)).toStrictEqual(['both', 'of these']);
      expect(await python.said()).toStrictEqual(['both', 'of these']);
      await python.finish();
      expect(got.size).toBe(0);
    });

    test('tells either side that its message reached no queue once the other has deleted it', async () => {
      await using pair = await openPair(getUrl());
      const { channel } = pair;
      const [there, here] = [uniqueName('there'), uniqueName('here')];
      const ours = await channel.declareQueue(here, { exclusive: true });
      const python = startPython(
        getUrl(),
        `
there, here = args
channel = await connection.channel(on_return_raises=True)
exchange = channel.default_exchange
queue = await channel.declare_queue(there, durable=True)
await exchange.publish(Message(b"arrives"), here)
say("published")
async with queue.iterator() as messages:
    async for message in messages:
        await message.ack()
        break
try:
    await exchange.publish(Message(b"comes back"), here)
except aio_pika.exceptions.DeliveryError as error:
    say([error.message.body.decode(), error.message.routing_key])
await queue.delete()
say("deleted")
`,
        [there, here],
      );
      expect(await python.said()).toBe('published');
      expect(textOf(await ours.get({ noAck: true }))).toBe('arrives');
      await ours.delete();
      await channel.defaultExchange.publish(text('arrives'), there);
      expect(await python.saidAll(2)).toStrictEqual([['comes back', here], 'deleted']);
      const error = await errorOf(channel.defaultExchange.publish(text('comes back'), there));
      expect(error).toBeInstanceOf(UnroutableError);
      expect(error).toMatchObject({ code: 'UNROUTABLE', returned: { routingKey: there } });
      await python.finish();
    });

    test('lets either side fetch, iterate, acknowledge and put back what the other published', async () => {
      await using pair = await openPair(getUrl());
      const { channel } = pair;
      const there = await channel.declareQueue(uniqueName('there'));
      const here = await channel.declareQueue(uniqueName('here'));
      onTestFinished(() => deleteQueues(getUrl(), [there, here]));
      await fill(channel, there, ...'abcd');
      const python = startPython(
        getUrl(),
        `
there = await channel.get_queue(args[0])
here = await channel.get_queue(args[1])
seen = []
def see(message):
    seen.append(message.body.decode() + (" again" if message.redelivered else ""))
    return message
await see(await there.get()).ack()
await see(await there.get()).reject(requeue=True)
async with there.iterator() as messages:
    async for message in messages:
        await see(message).ack()
        if message.body == b"c":
            break
see(await there.get())
seen.append(await there.get(fail=False))
for letter in "abcd":
    await channel.default_exchange.publish(Message(letter.encode()), here.name)
say(seen)
await told_to_end()
async for message in here.iterator(no_ack=True):
    say([message.body.decode(), message.redelivered])
    break
`,
        [there.name, here.name],
      );
      expect(await python.said()).toStrictEqual(['a', 'b', 'b again', 'c', 'd again', null]);
      const seen: string[] = [];
      const see = (message: IncomingMessage | undefined) => {
        seen.push(`${textOf(message)}${message?.redelivered ? ' again' : ''}`);
        return message;
      };
      see(await here.get())?.ack();
      see(await here.get())?.reject({ requeue: true });
      for await (const message of here) {
        see(message)?.ack();
        if (textOf(message) === 'c') break;
      }
      expect(seen).toStrictEqual(['a', 'b', 'b again', 'c']);
      await python.finish();
      expect(await python.said()).toStrictEqual(['d', true]);
      // It was in hand of Python to the end, which acknowledged it not.
      expect(textOf(await there.get({ noAck: true }))).toBe('d');
      expect(await there.get()).toBeUndefined();
    });
  });
});

async function deleteQueues(url: string, queues: readonly Queue[]): Promise<void> {
  await using pair = await openPair(url);
  for (const { name } of queues)
    await (await pair.channel.getQueue(name, { ensure: false })).delete();
}
