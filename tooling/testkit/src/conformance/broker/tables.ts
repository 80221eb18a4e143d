import assert from 'node:assert/strict';
import { encodeProperties } from '../../amqp/properties.ts';
import { type Arguments, typed, type Value } from '../../amqp/values.ts';
import { getOne } from './letters.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** A value of each type that RabbitMQ reads in tables, at the ends of its range where it has one. */
const types: Readonly<Record<string, Value>> = {
  'true (t)': true,
  'false (t)': false,
  'a signed byte (b)': typed.int8(-128),
  'a byte (B)': typed.uint8(255),
  'a signed short (s)': typed.int16(-32_768),
  'a short (u)': typed.uint16(65_535),
  'a signed int (I)': typed.int32(-2_147_483_648),
  'an int (i)': typed.uint32(4_294_967_295),
  'a long (l)': typed.int64(-9_223_372_036_854_775_808n),
  'a float (f)': typed.float(1.5),
  'a double (d)': typed.double(Math.PI),
  'a decimal (D)': typed.decimal(2, 31_415),
  'a string (S)': 'größe',
  'an empty string (S)': '',
  'a string of any bytes (S)': typed.string(Buffer.of(0xff, 0x00, 0xfe, 0x80)),
  'a long string (S)': 'x'.repeat(70_000),
  'bytes (x)': Buffer.of(0x00, 0xff),
  'a timestamp (T)': typed.timestamp(1_600_000_000n),
  'a void (V)': null,
  'an array (A)': [1, 'two', 3n, true, null],
  'an empty array (A)': [],
  'a table (F)': { a: 1, b: 'two' },
  'an empty table (F)': {},
  'an array of arrays (A)': [[], [1, [2, [3]]]],
  'an array of tables (A)': [{ a: 1 }, {}, { b: { c: [1] } }],
  'a table of tables (F)': { a: { b: { c: { d: {} } } }, e: [{ f: [] }] },
};

/** Tables by what they are. */
const tables: Readonly<Record<string, Arguments>> = {
  'may be empty': {},
  'may have an empty name': { '': 1 },
  'may have a name of 255 bytes': { ['x'.repeat(255)]: 1 },
  'may have names beyond ASCII': { 'größe 🐇': 1 },
  'may have a hundred entries': Object.fromEntries(
    Array.from({ length: 100 }, (_, index) => [`name-${String(index).padStart(3, '0')}`, index]),
  ),
};

/** Headers, byte for byte. */
export function tableCases({ onChannel }: Suite): BrokerCase[] {
  const kept = (title: string, headers: Arguments): BrokerCase =>
    onChannel(title, async (channel, bench) => {
      const queue = await bench.queue(channel);
      const properties = encodeProperties({ headers });
      channel.publish({ routingKey: queue, properties });
      assert.deepEqual((await getOne(channel, queue)).rawProperties, properties);
    });
  return [
    ...Object.entries(types).map(([what, value]) => kept(`a header may be ${what}`, { it: value })),
    onChannel('headers keep their order until RabbitMQ 4 sorts them', async (channel, bench) => {
      const queue = await bench.queue(channel);
      channel.publish({ routingKey: queue, properties: { headers: { b: 1, c: 2, a: 3 } } });
      const headers = bench.profile === '3.10' ? { b: 1, c: 2, a: 3 } : { a: 3, b: 1, c: 2 };
      assert.deepEqual((await getOne(channel, queue)).rawProperties, encodeProperties({ headers }));
    }),
    ...Object.entries(tables).map(([what, table]) => kept(`headers ${what}`, table)),
  ];
}
