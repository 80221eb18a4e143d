import { type Table, typed } from '../../amqp/values.ts';
import type { BrokerProfile } from './profile.ts';
import type { BrokerCase, Suite } from './suite.ts';
import { expectNoQueue, expectRefusal } from './topology.ts';

/** Ten years of 365 days, in milliseconds: the longest time that RabbitMQ takes. */
const TEN_YEARS = 315_360_000_000n;

/** Arguments that a queue takes. */
const accepted: readonly (readonly [what: string, queueArguments: Table])[] = [
  ['x-message-ttl 0', { 'x-message-ttl': 0 }],
  ['x-message-ttl of ten years', { 'x-message-ttl': typed.int64(TEN_YEARS) }],
  ['x-expires of ten years', { 'x-expires': typed.int64(TEN_YEARS) }],
  ['x-max-length 0', { 'x-max-length': 0 }],
  ['x-max-length-bytes 0', { 'x-max-length-bytes': 0 }],
  ['x-max-priority 0', { 'x-max-priority': 0 }],
  ['x-max-priority 255', { 'x-max-priority': 255 }],
  ['x-overflow drop-head', { 'x-overflow': 'drop-head' }],
  ['x-overflow reject-publish', { 'x-overflow': 'reject-publish' }],
  ['x-overflow reject-publish-dlx', { 'x-overflow': 'reject-publish-dlx' }],
  ['x-dead-letter-exchange that is missing', { 'x-dead-letter-exchange': 'no such exchange' }],
  ['x-dead-letter-exchange, the default one', { 'x-dead-letter-exchange': '' }],
  [
    'x-dead-letter-routing-key with an exchange',
    { 'x-dead-letter-exchange': 'x', 'x-dead-letter-routing-key': 'key' },
  ],
  ['x-single-active-consumer true', { 'x-single-active-consumer': true }],
  ['x-single-active-consumer false', { 'x-single-active-consumer': false }],
  ['x-queue-type classic', { 'x-queue-type': 'classic' }],
  ['x-queue-mode lazy', { 'x-queue-mode': 'lazy' }],
  ['x-queue-version 2', { 'x-queue-version': 2 }],
  ['an argument that means nothing', { 'x-foo': ['bar'] }],
  ...Object.entries({
    int8: typed.int8(100),
    uint8: typed.uint8(100),
    int16: typed.int16(100),
    uint16: typed.uint16(100),
    int32: typed.int32(100),
    uint32: typed.uint32(100),
    int64: typed.int64(100n),
  }).map(([type, value]) => [`x-message-ttl as ${type}`, { 'x-message-ttl': value }] as const),
];

/** Arguments that whole numbers are given for. */
const numeric = [
  'x-message-ttl',
  'x-expires',
  'x-max-length',
  'x-max-length-bytes',
  'x-max-priority',
] as const;

/** Arguments that no queue takes, or one of another type only. */
const refused: readonly (readonly [
  what: string,
  queueArguments: Table,
  profiles?: readonly BrokerProfile[],
])[] = [
  ...numeric.flatMap((name) => [
    [`${name} -1`, { [name]: -1 }] as const,
    [`${name} as a string`, { [name]: '5' }] as const,
    [`${name} as a fraction`, { [name]: typed.double(5) }] as const,
    [`${name} as a boolean`, { [name]: true }] as const,
    [`${name} without a value`, { [name]: null }] as const,
  ]),
  ['x-message-ttl as a timestamp', { 'x-message-ttl': typed.timestamp(5n) }],
  ['x-message-ttl above ten years', { 'x-message-ttl': typed.int64(TEN_YEARS + 1n) }],
  ['x-expires 0', { 'x-expires': 0 }],
  ['x-expires above ten years', { 'x-expires': typed.int64(TEN_YEARS + 1n) }],
  ['x-max-priority 256', { 'x-max-priority': 256 }],
  ['x-overflow bogus', { 'x-overflow': 'bogus' }],
  ['x-overflow as a number', { 'x-overflow': 5 }],
  ['x-single-active-consumer as a string', { 'x-single-active-consumer': 'true' }],
  ['x-single-active-consumer as a number', { 'x-single-active-consumer': 1 }],
  ['x-dead-letter-exchange as a number', { 'x-dead-letter-exchange': 5 }],
  ['x-dead-letter-routing-key without an exchange', { 'x-dead-letter-routing-key': 'key' }],
  [
    'x-dead-letter-routing-key as a number',
    { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 5 },
  ],
  ['x-queue-type bogus', { 'x-queue-type': 'bogus' }],
  ['x-queue-type as a number', { 'x-queue-type': 5 }],
  ['x-queue-type without a letter', { 'x-queue-type': '' }, ['3.10', '4.0']],
  ['x-queue-mode bogus', { 'x-queue-mode': 'bogus' }, ['3.10', '4.0']],
  ['x-queue-mode as a number', { 'x-queue-mode': 5 }, ['3.10', '4.0']],
  ['x-queue-version 3', { 'x-queue-version': 3 }],
  ['x-queue-version 1', { 'x-queue-version': 1 }, ['4.3']],
  ['x-queue-leader-locator', { 'x-queue-leader-locator': 'client-local' }, ['3.10']],
  ['x-queue-leader-locator bogus', { 'x-queue-leader-locator': 'bogus' }],
  ['x-initial-cluster-size', { 'x-initial-cluster-size': 1 }],
  ['x-stream-filter-size-bytes', { 'x-stream-filter-size-bytes': 16 }, ['4.3']],
  ['x-consumer-timeout', { 'x-consumer-timeout': 60_000 }, ['4.3']],
  ['x-delivery-limit', { 'x-delivery-limit': 5 }],
  ['x-dead-letter-strategy', { 'x-dead-letter-strategy': 'at-most-once' }],
  ['x-quorum-initial-group-size', { 'x-quorum-initial-group-size': 1 }],
  ['x-max-age', { 'x-max-age': '1D' }],
];

/** Arguments that a queue is compared by when it is declared again, with another value each. */
const compared: readonly (readonly [name: string, one: Table, other: Table])[] = [
  ['x-message-ttl', { 'x-message-ttl': 60_000 }, { 'x-message-ttl': 60_001 }],
  ['x-expires', { 'x-expires': 60_000 }, { 'x-expires': 60_001 }],
  ['x-max-length', { 'x-max-length': 5 }, { 'x-max-length': 6 }],
  ['x-max-length-bytes', { 'x-max-length-bytes': 5 }, { 'x-max-length-bytes': 6 }],
  ['x-max-priority', { 'x-max-priority': 5 }, { 'x-max-priority': 6 }],
  ['x-overflow', { 'x-overflow': 'drop-head' }, { 'x-overflow': 'reject-publish' }],
  ['x-dead-letter-exchange', { 'x-dead-letter-exchange': 'a' }, { 'x-dead-letter-exchange': 'b' }],
  [
    'x-dead-letter-routing-key',
    { 'x-dead-letter-exchange': 'a', 'x-dead-letter-routing-key': 'a' },
    { 'x-dead-letter-exchange': 'a', 'x-dead-letter-routing-key': 'b' },
  ],
  [
    'x-single-active-consumer',
    { 'x-single-active-consumer': true },
    { 'x-single-active-consumer': false },
  ],
];

/** The arguments of queues that are not of type quorum. */
export function queueArgumentCases(suite: Suite): BrokerCase[] {
  return [...validationCases(suite), ...equivalenceCases(suite)];
}

function validationCases({ onChannel }: Suite): BrokerCase[] {
  return [
    ...accepted.map(([what, queueArguments]) =>
      onChannel(`a queue takes ${what}`, async (channel, bench) => {
        const fields = { exclusive: true, arguments: queueArguments };
        const queue = await bench.queue(channel, fields);
        await channel.call('queue.declare', { ...fields, queue });
      }),
    ),
    ...refused.map(([what, queueArguments, profiles]) =>
      onChannel(`a queue does not take ${what}`, async (channel, bench) => {
        const fields = { queue: bench.name(), exclusive: true, arguments: queueArguments };
        if (profiles?.includes(bench.profile) === false) {
          await channel.call('queue.declare', fields);
        } else {
          channel.send('queue.declare', fields);
          await expectRefusal(channel, 406, 'queue.declare');
          await expectNoQueue(channel, fields.queue);
        }
      }),
    ),
    onChannel(
      'a queue that takes an argument takes no bad one beside it',
      async (channel, bench) => {
        const queue = bench.name();
        const both = { 'x-max-length': 5, 'x-expires': 0 };
        channel.send('queue.declare', { queue, exclusive: true, nowait: true, arguments: both });
        await expectRefusal(channel, 406, 'queue.declare');
        await expectNoQueue(channel, queue);
      },
    ),
  ];
}

function equivalenceCases({ onChannel, onConnection }: Suite): BrokerCase[] {
  return [
    ...compared.map(([name, one, other]) =>
      onChannel(`${name} may not change, come or go`, async (channel, bench) => {
        const queue = await bench.queue(channel, { exclusive: true, arguments: one });
        const plain = await bench.queue(channel);
        for (const again of [
          { queue, arguments: other },
          { queue },
          { queue: plain, arguments: one },
        ]) {
          channel.send('queue.declare', { ...again, exclusive: true });
          await expectRefusal(channel, 406, 'queue.declare');
        }
        await channel.call('queue.declare', { queue, exclusive: true, arguments: one });
      }),
    ),
    onChannel('an integer of another width is the same', async (channel, bench) => {
      const queue = await bench.queue(channel, {
        exclusive: true,
        arguments: { 'x-max-length': typed.int32(5) },
      });
      const wider = { 'x-max-length': typed.int64(5n) };
      await channel.call('queue.declare', { queue, exclusive: true, arguments: wider });
    }),
    onChannel('the order of arguments makes no difference', async (channel, bench) => {
      const queue = await bench.queue(channel, {
        exclusive: true,
        arguments: { 'x-max-length': 5, 'x-overflow': 'drop-head' },
      });
      const turned = { 'x-overflow': 'drop-head', 'x-max-length': 5 };
      await channel.call('queue.declare', { queue, exclusive: true, arguments: turned });
    }),
    onChannel('arguments that mean nothing are not compared', async (channel, bench) => {
      const queue = await bench.queue(channel, { exclusive: true, arguments: { 'x-foo': 1 } });
      for (const queueArguments of [{ 'x-foo': 'two' }, {}])
        await channel.call('queue.declare', { queue, exclusive: true, arguments: queueArguments });
    }),
    onConnection('x-queue-master-locator is permitted until 4.3', async (connection, bench) => {
      const channel = await connection.channel();
      const locator = { 'x-queue-master-locator': 'min-masters' };
      const fields = { queue: bench.name(), exclusive: true, arguments: locator };
      if (bench.profile !== '4.3') {
        await channel.call('queue.declare', fields);
      } else {
        channel.send('queue.declare', fields);
        await connection.expectClose(541, 'queue.declare');
      }
    }),
    onChannel('type classic may be said or left out', async (channel, bench) => {
      const classic = { 'x-queue-type': 'classic' };
      const said = await bench.queue(channel, { exclusive: true, arguments: classic });
      const plain = await bench.queue(channel);
      await channel.call('queue.declare', { queue: said, exclusive: true });
      await channel.call('queue.declare', { queue: plain, exclusive: true, arguments: classic });
    }),
  ];
}
