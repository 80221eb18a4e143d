import { createRequire } from 'node:module';
import { deadline } from '@leveret/testkit';
import { silent, targetOf } from '@leveret/testkit/driver';
import { describeWithBroker } from '@leveret/testkit/vitest';
import { afterEach, expect, test } from 'vitest';
import { amqplibDriver } from './driver.ts';

const require = createRequire(import.meta.url);
const file = require.resolve('amqplib').replace(/[^/\\]+$/, 'lib/connection.js');
const library: { Connection: { readonly prototype: object } } = require(file);

/** Takes a property away until the end of the test, or puts another into its place. */
function change(object: object, name: string, value: unknown): void {
  const original: unknown = Reflect.get(object, name);
  Reflect.set(object, name, value);
  restore.push(() => Reflect.set(object, name, original));
}

const restore: (() => void)[] = [];
afterEach(() => {
  for (const undo of restore.splice(0)) undo();
});

describeWithBroker('an amqplib whose internals are not those that its driver needs', (getUrl) => {
  const changes: Readonly<Record<string, () => void>> = {
    'no such method': () => change(library.Connection.prototype, 'recvFrame', undefined),
    'no such class': () => change(library, 'Connection', undefined),
    'a class of another kind': () =>
      change(
        library,
        'Connection',
        class {
          constructor() {
            throw new Error('it takes no socket');
          }
        },
      ),
  };
  test.for(Object.entries(changes))(
    'is refused by name and version when a connection opens: %s',
    async ([, apply]) => {
      apply();
      const connecting = amqplibDriver().connect(targetOf(getUrl()), silent);
      await expect(deadline(connecting, 5000, 'connect')).rejects.toMatchObject({
        code: 'UNSUPPORTED_DRIVER',
        message: expect.stringMatching(/amqplib 2\.3\.\d+.*connection/),
      });
    },
  );
});
