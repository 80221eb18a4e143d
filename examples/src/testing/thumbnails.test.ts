import { once } from 'node:events';
import { type Broker, ManualClock, startBroker } from '@leveret/broker';
import { type Channel, connect } from '@leveret/core';
import { expect, test, vi } from 'vitest';
import { askForThumbnail, makeThumbnails, type Shrink } from './thumbnails.ts';

/** Client and broker of one test; both are gone when it ends. */
async function setUp(broker: Broker): Promise<{ channel: Channel } & AsyncDisposable> {
  const connection = await connect(broker.url, {
    backoff: { initial: 1, max: 5 },
  });
  return {
    channel: await connection.channel(),
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

test('thumbnails are made', async () => {
  await using broker = await startBroker();
  await using client = await setUp(broker);
  const shrink = vi.fn<Shrink>();
  await makeThumbnails(client.channel, shrink);

  await askForThumbnail(client.channel, 'hare.png', 64);
  await broker.untilEmpty('thumbnail');

  expect(shrink).toHaveBeenCalledExactlyOnceWith('hare.png', 64, expect.any(AbortSignal));
  expect(broker.inspect().traffic).toMatchObject({ published: 1, acknowledged: 1, requeued: 0 });
});

test('a width of nothing is kept aside at once, one that fails after three tries', async () => {
  await using broker = await startBroker();
  await using client = await setUp(broker);
  const shrink = vi.fn<Shrink>().mockRejectedValue(new Error('disk full'));
  await makeThumbnails(client.channel, shrink);

  await askForThumbnail(client.channel, 'hare.png', 0);
  await broker.untilQueue('thumbnail.failed', ({ ready }) => ready === 1);
  expect(shrink).not.toHaveBeenCalled();

  await askForThumbnail(client.channel, 'hare.png', 64);
  await broker.untilQueue('thumbnail.failed', ({ ready }) => ready === 2);
  expect(shrink).toHaveBeenCalledTimes(3);
});

test('work in hand is done again when the connection was lost', async () => {
  await using broker = await startBroker();
  await using client = await setUp(broker);
  const shrink = vi.fn<Shrink>();
  const begun = new Promise<void>((resolve) => {
    shrink.mockImplementationOnce(async (_picture, _width, signal) => {
      resolve();
      await once(signal, 'abort');
    });
  });
  await makeThumbnails(client.channel, shrink);

  await askForThumbnail(client.channel, 'hare.png', 64);
  await begun;
  broker.faults.dropConnections();
  await broker.untilEmpty('thumbnail');

  expect(shrink).toHaveBeenCalledTimes(2);
});

test('who asks is told when the broker refuses the task', async () => {
  await using broker = await startBroker();
  await using client = await setUp(broker);
  await makeThumbnails(client.channel, vi.fn<Shrink>());
  using _fault = broker.faults.nackPublishes();

  await expect(askForThumbnail(client.channel, 'hare.png', 64)).rejects.toMatchObject({
    code: 'NACKED',
  });
});

test('a thumbnail that nobody makes within a minute is given up', async () => {
  const clock = new ManualClock();
  await using broker = await startBroker({ clock });
  await using client = await setUp(broker);
  const worker = await makeThumbnails(client.channel, vi.fn<Shrink>());
  await worker.close();

  await askForThumbnail(client.channel, 'hare.png', 64);
  await broker.untilQueue('thumbnail', ({ ready }) => ready === 1);
  clock.advance(60_000);
  await broker.untilQueue('thumbnail.failed', ({ ready }) => ready === 1);
  expect(broker.inspect().traffic.connections).toBe(1);
});
