import { startBroker } from '@leveret/broker';
import { connect, type HeaderTable } from '@leveret/core';
import { findRabbitServer, startRabbitNode } from '@leveret/testkit';
import { expect, test } from 'vitest';
import { amqplibDriver } from './driver.ts';

const clientProperties: HeaderTable = {
  product: 'orders',
  team: 'shop',
  since: new Date(60_000),
  bytes: Uint8Array.of(1, 2),
  large: 2n ** 62n,
  nested: { '!': 'no type', list: [1, 1.5, true, null, 'x', { deep: -1 }] },
  missing: undefined,
  capabilities: { 'connection.blocked': false },
};

test('client properties arrive at the broker beside those of the driver, and capabilities stay', async () => {
  await using broker = await startBroker();
  const driver = amqplibDriver({ clientProperties });
  await using _ = await connect(broker.url, { driver, name: 'mine' });
  const [connection] = broker.inspect().connections;
  expect(connection?.name).toBe('mine');
  expect(connection?.clientProperties).toEqual({
    ...clientProperties,
    bytes: Buffer.of(1, 2),
    connection_name: 'mine',
    platform: `Node.js ${process.version}`,
    information: `on ${driver.name}`,
    capabilities: {
      'basic.nack': true,
      'connection.blocked': true,
      publisher_confirms: true,
      exchange_exchange_bindings: true,
      consumer_cancel_notify: true,
      authentication_failure_close: true,
    },
  });
});

test.skipIf(findRabbitServer() === undefined)(
  'client properties arrive at RabbitMQ, which shows them',
  { timeout: 120_000 },
  async () => {
    await using node = await startRabbitNode();
    const driver = amqplibDriver({ clientProperties });
    await using _ = await connect(node.url, { driver, name: 'mine' });
    const shown = await node.ctl('list_connections', 'client_properties');
    for (const part of [
      '{"product","orders"}',
      '{"information","on amqplib ',
      '{"connection_name","mine"}',
      '{"team","shop"}',
      '{"since",60}',
      '{"bytes",<<1,2>>}',
      '{"large",4611686018427387904}',
      '{"nested",[{"!","no type"},{"list",[1,1.5,true,undefined,"x",[{"deep",-1}]]}]}',
      '{"connection.blocked",true}',
    ])
      expect(shown).toContain(part);
  },
);
