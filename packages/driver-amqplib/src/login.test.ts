import { connect } from '@leveret/core';
import { deadline } from '@leveret/testkit';
import { describeWithBroker } from '@leveret/testkit/vitest';
import { expect, test } from 'vitest';
import { amqplibDriver } from './driver.ts';

/** So long that an error within it came at once. */
const LONG = 60_000;

/** What a connection that cannot be opened rejects with, at once. */
function refusal(attempt: Promise<AsyncDisposable>): Promise<unknown> {
  const outcome = attempt.then(
    async (connection) => {
      await connection[Symbol.asyncDispose]();
      throw new Error('it connected');
    },
    (error: unknown) => error,
  );
  return deadline(outcome, 10_000, 'the refusal');
}

describeWithBroker('a login on amqplib', (getUrl) => {
  test.for(['PLAIN', 'AMQPLAIN'] as const)(
    'works with %s, and what follows too',
    async (mechanism) => {
      await using connection = await connect(getUrl(), { driver: amqplibDriver({ mechanism }) });
      const channel = await connection.channel();
      const queue = await channel.declareQueue('', { exclusive: true });
      await channel.defaultExchange.publish({ body: Buffer.from('hello') }, queue.name);
      const message = await queue.get({ noAck: true });
      expect(Buffer.from(message?.body ?? []).toString()).toBe('hello');
    },
  );

  test.for(['PLAIN', 'AMQPLAIN'] as const)(
    'with a wrong password is ACCESS_REFUSED at once: %s',
    async (mechanism) => {
      const url = new URL(getUrl());
      url.password = 'wrong';
      const driver = amqplibDriver({ mechanism, clientProperties: { capabilities: {} } });
      const error = await refusal(connect(url.href, { driver, connectTimeout: LONG }));
      expect(error).toMatchObject({
        code: 'ACCESS_REFUSED',
        message: expect.stringContaining('reply code 403'),
      });
    },
  );

  test('by a mechanism that the broker does not offer is ACCESS_REFUSED at once, and says which it offers', async () => {
    const driver = amqplibDriver({ mechanism: 'EXTERNAL' });
    const error = await refusal(connect(getUrl(), { driver, connectTimeout: LONG }));
    expect(error).toMatchObject({ code: 'ACCESS_REFUSED' });
    expect(String(error)).toMatch(
      /the broker offers (PLAIN AMQPLAIN|AMQPLAIN PLAIN), and not EXTERNAL/,
    );
  });

  test('to a virtual host that is not there is NOT_ALLOWED at once', async () => {
    const url = new URL(getUrl());
    url.pathname = '/nowhere';
    const driver = amqplibDriver();
    const error = await refusal(connect(url.href, { driver, connectTimeout: LONG }));
    expect(error).toMatchObject({ code: 'NOT_ALLOWED' });
  });

  test('tells product and version of the broker, which the default driver does not', async () => {
    await using connection = await connect(getUrl(), { driver: amqplibDriver() });
    expect(connection.serverProperties).toMatchObject({
      product: expect.stringMatching(/\w/),
      version: expect.stringMatching(/^\d+\.\d+/),
      capabilities: { 'basic.nack': true },
    });
    await using other = await connect(getUrl());
    expect(other.serverProperties).toBeUndefined();
  });
});
