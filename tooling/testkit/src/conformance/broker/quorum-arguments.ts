import type { Methods } from '../../amqp/methods.ts';
import type { Table } from '../../amqp/values.ts';
import type { BrokerCase, Suite } from './suite.ts';
import { expectNoQueue, expectRefusal } from './topology.ts';

type QueueFields = Omit<Methods['queue.declare'], 'queue' | 'arguments'>;

const quorum = { 'x-queue-type': 'quorum' };

/** What a quorum queue may not be. */
const refusedAs: readonly (readonly [what: string, fields: QueueFields])[] = [
  ['transient', {}],
  ['exclusive', { durable: true, exclusive: true }],
  ['transient and exclusive', { exclusive: true }],
  ['auto-delete', { durable: true, autoDelete: true }],
];

/** Arguments that other queues take, and quorum queues do not. */
const refused: readonly Table[] = [
  { 'x-max-priority': 5 },
  { 'x-queue-mode': 'lazy' },
  { 'x-queue-version': 2 },
  { 'x-max-age': '1D' },
  { 'x-stream-max-segment-size-bytes': 1_000_000 },
];

/** Arguments that quorum queues take, those included that they do not check. */
const accepted: readonly Table[] = [
  { 'x-expires': 60_000 },
  { 'x-message-ttl': 60_000 },
  { 'x-max-length': 5 },
  { 'x-max-length-bytes': 5000 },
  { 'x-overflow': 'drop-head' },
  { 'x-overflow': 'reject-publish' },
  { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'key' },
  { 'x-dead-letter-strategy': 'at-most-once' },
  { 'x-single-active-consumer': true },
  { 'x-quorum-initial-group-size': 1 },
  { 'x-delivery-limit': 3 },
  { 'x-delivery-limit': -1 },
  { 'x-delivery-limit': 'three' },
  { 'x-foo': 1 },
];

/** Values that quorum queues refuse as others do. */
const invalid: readonly Table[] = [
  { 'x-expires': 0 },
  { 'x-message-ttl': -1 },
  { 'x-max-length': '5' },
  { 'x-overflow': 'bogus' },
  { 'x-dead-letter-exchange': 5 },
  { 'x-dead-letter-routing-key': 'key' },
  { 'x-dead-letter-strategy': 'bogus' },
  { 'x-single-active-consumer': 'true' },
];

/** Declaring and deleting quorum queues. */
export function quorumArgumentCases(suite: Suite): BrokerCase[] {
  return [...declaringCases(suite), ...typeCases(suite), ...deleteCases(suite)];
}

function declaringCases({ onChannel }: Suite): BrokerCase[] {
  return [
    ...refusedAs.map(([what, fields]) =>
      onChannel(`a quorum queue may not be ${what}`, async (channel, bench) => {
        const queue = bench.name();
        channel.send('queue.declare', { ...fields, queue, arguments: quorum });
        await expectRefusal(channel, 406, 'queue.declare');
        await expectNoQueue(channel, queue);
      }),
    ),
    onChannel('a quorum queue must have a name', async (channel) => {
      channel.send('queue.declare', { durable: true, arguments: quorum });
      await channel.expectClose(406, 'queue.declare');
    }),
    ...accepted.map((more) =>
      onChannel(`a quorum queue takes ${shown(more)}`, async (channel, bench) => {
        const fields = { durable: true, arguments: { ...quorum, ...more } };
        const queue = await bench.queue(channel, fields);
        await channel.call('queue.declare', { ...fields, queue });
      }),
    ),
    ...[...refused, ...invalid].map((more) =>
      onChannel(`a quorum queue does not take ${shown(more)}`, async (channel, bench) => {
        const queue = bench.name();
        const queueArguments = { ...quorum, ...more };
        channel.send('queue.declare', { queue, durable: true, arguments: queueArguments });
        await expectRefusal(channel, 406, 'queue.declare');
        await expectNoQueue(channel, queue);
      }),
    ),
  ];
}

function typeCases({ onChannel }: Suite): BrokerCase[] {
  return [
    onChannel('a classic queue may not be declared again as quorum', async (channel, bench) => {
      const queue = await bench.queue(channel, { durable: true });
      channel.send('queue.declare', { queue, durable: true, arguments: quorum });
      await channel.expectClose(406, 'queue.declare');
    }),
    onChannel('a quorum queue may not be declared again as classic', async (channel, bench) => {
      const queue = await bench.queue(channel, { durable: true, arguments: quorum });
      for (const queueArguments of [{}, { 'x-queue-type': 'classic' }]) {
        channel.send('queue.declare', { queue, durable: true, arguments: queueArguments });
        await expectRefusal(channel, 406, 'queue.declare');
      }
    }),
    onChannel('x-delivery-limit of a quorum queue may not change', async (channel, bench) => {
      const limit = (value: number): Table => ({ ...quorum, 'x-delivery-limit': value });
      const queue = await bench.queue(channel, { durable: true, arguments: limit(3) });
      for (const queueArguments of [limit(4), quorum]) {
        channel.send('queue.declare', { queue, durable: true, arguments: queueArguments });
        await expectRefusal(channel, 406, 'queue.declare');
      }
    }),
  ];
}

function deleteCases({ onChannel, onConnection }: Suite): BrokerCase[] {
  return [
    onChannel('a quorum queue is deleted', async (channel, bench) => {
      const queue = await bench.queue(channel, { durable: true, arguments: quorum });
      await channel.call('queue.delete', { queue });
      await expectNoQueue(channel, queue);
    }),
    ...[{ ifUnused: true }, { ifEmpty: true }].map((condition) =>
      onConnection(
        `${Object.keys(condition)} is not implemented for quorum queues`,
        async (connection, bench) => {
          const channel = await connection.channel();
          const queue = await bench.queue(channel, { durable: true, arguments: quorum });
          channel.send('queue.delete', { queue, ...condition });
          await connection.expectClose(540, 'queue.delete');
        },
      ),
    ),
  ];
}

function shown(queueArguments: Table): string {
  return Object.entries(queueArguments)
    .map(([name, value]) => (value === '' ? name : `${name} ${value}`))
    .join(' and ');
}
