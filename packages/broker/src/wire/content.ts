import { AmqpError } from '../base/amqp-error.ts';
import type { Properties } from '../base/properties.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { methods } from './methods.ts';
import { readTable, writeTable } from './table.ts';

/** The only class whose methods carry content. */
const BASIC = methods['basic.publish'].id[0];

/** Octets of class, weight and size of the body, which stand before the properties. */
const PREFIX = 12;

/** The flag of the first property; each of the others has the next lower bit (AMQP 0-9-1, section 4.2.6.1). */
const FIRST_FLAG = 0x8000;

/** Enough for the properties of most messages. */
const SLAB_SIZE = 512;

/** Properties while they are being read. */
type Draft = { -readonly [P in keyof Properties]: Properties[P] };

/** How one property stands on the wire. */
interface PropertyCodec {
  read(reader: ByteReader, into: Draft): void;
  isIn(properties: Properties): boolean;
  write(writer: ByteWriter, from: Properties): void;
}

function codec<P extends keyof Properties>(
  name: P,
  read: (reader: ByteReader) => NonNullable<Draft[P]>,
  write: (writer: ByteWriter, value: NonNullable<Draft[P]>) => void,
): PropertyCodec {
  return {
    read: (reader, into) => {
      into[name] = read(reader);
    },
    isIn: (properties) => properties[name] !== undefined,
    write: (writer, from) => {
      const value = from[name];
      if (value !== undefined && value !== null) write(writer, value);
    },
  };
}

const readShortstr = (reader: ByteReader): string => reader.shortstr();
const writeShortstr = (writer: ByteWriter, value: string): void => writer.shortstr(value);
const readOctet = (reader: ByteReader): number => reader.octet();
const writeOctet = (writer: ByteWriter, value: number): void => writer.octet(value);

/** The properties in the order of their flags. */
const codecs: readonly PropertyCodec[] = [
  codec('contentType', readShortstr, writeShortstr),
  codec('contentEncoding', readShortstr, writeShortstr),
  codec('headers', readTable, writeTable),
  codec('deliveryMode', readOctet, writeOctet),
  codec('priority', readOctet, writeOctet),
  codec('correlationId', readShortstr, writeShortstr),
  codec('replyTo', readShortstr, writeShortstr),
  codec('expiration', readShortstr, writeShortstr),
  codec('messageId', readShortstr, writeShortstr),
  codec(
    'timestamp',
    (reader) => reader.uint64(),
    (writer, value) => writer.uint64(value),
  ),
  codec('type', readShortstr, writeShortstr),
  codec('userId', readShortstr, writeShortstr),
  codec('appId', readShortstr, writeShortstr),
  codec('clusterId', readShortstr, writeShortstr),
];

/**
 * The size of the body that a content header announces, in bytes; above 2^53 the nearest number.
 *
 * @param payload of a frame of type 2
 * @throws AmqpError 501 if it is too short; 505 if its class is not `basic` or its weight not 0
 */
export function decodeBodySize(payload: Buffer): number {
  if (payload.length < PREFIX) throw new AmqpError(501, 'a content header is too short');
  const reader = new ByteReader(payload);
  const classId = reader.short();
  const weight = reader.short();
  if (weight !== 0) throw unexpected('non content header frame');
  if (classId !== BASIC) throw unexpected(`one for class ${classId}`);
  return reader.longlong();
}

function unexpected(got: string): AmqpError {
  return new AmqpError(505, `expected content header for class ${BASIC}, got ${got} instead`);
}

/**
 * Reads the properties in a content header. Bytes in the headers are views of the payload. As in RabbitMQ, text need not
 * be UTF-8 (what is not becomes U+FFFD), and of the flags' last two bits, which stand for no property or for further
 * flags, nothing is made.
 *
 * @param payload of a frame of type 2 for which `decodeBodySize` found nothing wrong
 * @throws AmqpError 541 if the properties cannot be decoded, as RabbitMQ 3.10 does whatever is wrong with them
 */
export function decodeProperties(payload: Buffer): Properties {
  try {
    return readProperties(new ByteReader(payload, PREFIX));
  } catch (error) {
    if (error instanceof AmqpError) throw new AmqpError(541, `bad properties: ${error.message}`);
    throw error;
  }
}

function readProperties(reader: ByteReader): Properties {
  const properties: Draft = {};
  const flags = reader.short();
  let flag = FIRST_FLAG;
  for (const codec of codecs) {
    if ((flags & flag) !== 0) codec.read(reader, properties);
    flag >>>= 1;
  }
  if (!reader.atEnd) throw new AmqpError(501, 'there is more than the flags announce');
  return properties;
}

/**
 * The payload of a content header frame.
 *
 * @param bodySize in bytes
 * @throws AmqpError 541 if a property of text is longer than 255 bytes
 */
export function encodeContentHeader(bodySize: number, properties: Properties): Buffer {
  const writer = new ByteWriter(SLAB_SIZE);
  writer.short(BASIC);
  writer.short(0);
  writer.longlong(bodySize);
  writer.short(flagsOf(properties));
  for (const codec of codecs) codec.write(writer, properties);
  return Buffer.concat(writer.take());
}

function flagsOf(properties: Properties): number {
  let flags = 0;
  let flag = FIRST_FLAG;
  for (const codec of codecs) {
    if (codec.isIn(properties)) flags |= flag;
    flag >>>= 1;
  }
  return flags;
}
