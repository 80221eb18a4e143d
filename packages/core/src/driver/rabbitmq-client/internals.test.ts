import { deadline } from '@leveret/testkit';
import { silent, targetOf } from '@leveret/testkit/driver';
import { describeWithBroker } from '@leveret/testkit/vitest';
import { Connection } from 'rabbitmq-client';
import { afterEach, expect, test } from 'vitest';
import { rabbitmqClientDriver } from './driver.ts';

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
});
