import { shortString, withLength } from './values.ts';

/** How a field is written, and how it is read from the end of a payload, of which it is all. */
interface FieldType {
  encode(value: unknown): Buffer;
  decode(payload: Buffer): unknown;
}

const bit: FieldType = {
  encode: (value) => Buffer.of(value === true ? 1 : 0),
  decode: (payload) => payload.readUInt8(0) === 1,
};
const short: FieldType = {
  encode: (value) => Buffer.of(Number(value) >> 8, Number(value) & 0xff),
  decode: (payload) => payload.readUInt16BE(0),
};
const shortText: FieldType = {
  encode: (value) => shortString(String(value)),
  decode: (payload) => payload.toString('utf8', 1),
};
const longText: FieldType = {
  encode: (value) => withLength(Buffer.from(String(value))),
  decode: (payload) => payload.toString('utf8', 4),
};

/** A method that rabbitmq-client's table lacks. Those that a broker sends have one field at most. */
export interface ExtraMethod {
  readonly name: string;
  /** Class times 65536 plus method. */
  readonly id: number;
  readonly fields: readonly (readonly [name: string, type: FieldType])[];
}

/** The methods that rabbitmq-client's table lacks. */
export const extraMethods: readonly ExtraMethod[] = [
  {
    name: 'connection.update-secret',
    id: idOf(10, 70),
    fields: [
      ['newSecret', longText],
      ['reason', shortText],
    ],
  },
  { name: 'connection.update-secret-ok', id: idOf(10, 71), fields: [] },
  { name: 'channel.flow', id: idOf(20, 20), fields: [['active', bit]] },
  { name: 'channel.flow-ok', id: idOf(20, 21), fields: [['active', bit]] },
  {
    name: 'access.request',
    id: idOf(30, 10),
    fields: [
      ['realm', shortText],
      // Its bits: exclusive, passive, active, write, read.
      ['active', bit],
    ],
  },
  { name: 'access.request-ok', id: idOf(30, 11), fields: [['ticket', short]] },
  { name: 'basic.recover-async', id: idOf(60, 100), fields: [['requeue', bit]] },
];

/** The fields of such a method as bytes. */
export function encodeExtra({ fields }: ExtraMethod, values: object): Buffer {
  return Buffer.concat(fields.map(([name, type]) => type.encode(Reflect.get(values, name))));
}

/** The fields of such a method from the bytes behind its number. */
export function decodeExtra({ fields }: ExtraMethod, payload: Buffer): object {
  return Object.fromEntries(fields.map(([name, type]) => [name, type.decode(payload)]));
}

function idOf(classId: number, methodId: number): number {
  return classId * 0x10000 + methodId;
}
