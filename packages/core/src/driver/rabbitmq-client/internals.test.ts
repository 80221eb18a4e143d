import { deadline } from '@leveret/testkit';
import { describeWithBroker } from '@leveret/testkit/vitest';
import { Connection } from 'rabbitmq-client';
import { afterEach, expect, test, vi } from 'vitest';
import { rabbitmqClientDriver } from './driver.ts';
import { deaf, silent, targetOf } from './target.fixture.ts';

/** Takes a method away from a class until the end of the test. */
function without(prototype: object, method: string): void {
  const original: unknown = Reflect.get(prototype, method);
  Reflect.set(prototype, method, undefined);
  restore.push(() => Reflect.set(prototype, method, original));
}

const restore: (() => void)[] = [];
afterEach(() => {
  for (const undo of restore.splice(0)) undo();
});

describeWithBroker('a driver whose internals are not those that the adapter needs', (getUrl) => {
  test('is refused by name and version when a connection opens', async () => {
    without(Connection.prototype, '_handleChunk');
    const connecting = rabbitmqClientDriver.connect(targetOf(getUrl()), silent);
    await expect(deadline(connecting, 5000, 'connect')).rejects.toMatchObject({
      code: 'UNSUPPORTED_DRIVER',
      message: expect.stringMatching(/rabbitmq-client 5\.0\.\d+.*connection/),
    });
  });

  test.for(['_handleRPC', '_clear', '_invoke', '_invokeNowait'])(
    'is refused by name and version when a channel opens: %s',
    async (method) => {
      const link = await rabbitmqClientDriver.connect(targetOf(getUrl()), silent);
      const { acquire } = Connection.prototype;
      let undo = (): void => {};
      vi.spyOn(Connection.prototype, 'acquire').mockImplementation(async function (
        this: Connection,
        options,
      ) {
        const channel = await acquire.call(this, options);
        Reflect.set(channel, method, undefined);
        undo = () => void Reflect.deleteProperty(channel, method);
        return channel;
      });
      restore.push(() => vi.restoreAllMocks());
      const opening = link.openChannel(deaf);
      await expect(deadline(opening, 5000, 'channel.open')).rejects.toMatchObject({
        code: 'UNSUPPORTED_DRIVER',
        message: expect.stringMatching(/rabbitmq-client 5\.0\.\d+.*channel/),
      });
      undo(); // the driver needs them itself to end
      link.destroy();
    },
  );

  test('is refused by name and version when a channel opens: the stream of its frames', async () => {
    const link = await rabbitmqClientDriver.connect(targetOf(getUrl()), silent);
    const { acquire } = Connection.prototype;
    let undo = (): void => {};
    vi.spyOn(Connection.prototype, 'acquire').mockImplementation(async function (
      this: Connection,
      options,
    ) {
      const channel = await acquire.call(this, options);
      const state: unknown = Reflect.get(channel, '_state');
      Reflect.set(channel, '_state', { maxFrameSize: 1, stream: { writableLength: 0 } });
      undo = () => void Reflect.set(channel, '_state', state);
      return channel;
    });
    restore.push(() => vi.restoreAllMocks());
    const opening = link.openChannel(deaf);
    await expect(deadline(opening, 5000, 'channel.open')).rejects.toMatchObject({
      code: 'UNSUPPORTED_DRIVER',
    });
    undo();
    link.destroy();
  });
});
