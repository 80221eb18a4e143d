import type { HeaderTable, WireMessage } from '../../message/message.ts';
import { AROUND_PAYLOAD, FRAME, FRAME_PREFIX, METHOD } from './protocol.ts';
import { tableSize, writeTable } from './table.ts';

// The frames of a message that is published: the method, the content header, the body (AMQP 0-9-1 specification,
// sections 2.3.5 and 4.2.6).

const FRAME_END = 0xce;

/** Of `basic.publish`: method id and a reserved field before the names, flags behind them. */
const METHOD_FIXED = 7;
const MANDATORY = 1;

/** Of a content header: class, weight, size of the body, flags. */
const HEADER_FIXED = 14;
const CLASS_BASIC = 60;

/** Bodies up to this size go out in one piece with what announces them. */
const TOGETHER = 4096;

/** How values of one kind stand on the wire. */
interface Kind<T> {
  size(value: T): number;
  write(bytes: Buffer, at: number, value: T): number;
}

const shortstr: Kind<string> = {
  size: (text) => 1 + Buffer.byteLength(text),
  write: (bytes, at, text) => {
    const length = bytes.write(text, at + 1);
    return bytes.writeUInt8(length, at) + length;
  },
};

const octet: Kind<number> = {
  size: () => 1,
  write: (bytes, at, value) => bytes.writeUInt8(value, at),
};

const seconds: Kind<number> = {
  size: () => 8,
  write: (bytes, at, value) => bytes.writeBigUInt64BE(BigInt(value), at),
};

const table: Kind<HeaderTable> = { size: tableSize, write: writeTable };

/** A property of a message: its flag, its bytes (0 where it is not given), and how it is written. */
interface Property {
  readonly flag: number;
  size(message: WireMessage): number;
  write(bytes: Buffer, at: number, message: WireMessage): number;
}

/** The properties in the order in which they stand. */
const PROPERTIES: readonly Property[] = [
  property(0x8000, shortstr, ({ contentType }) => contentType),
  property(0x4000, shortstr, ({ contentEncoding }) => contentEncoding),
  property(0x2000, table, ({ headers }) => headers),
  property(0x1000, octet, ({ deliveryMode }) => deliveryMode),
  property(0x0800, octet, ({ priority }) => priority),
  property(0x0400, shortstr, ({ correlationId }) => correlationId),
  property(0x0200, shortstr, ({ replyTo }) => replyTo),
  property(0x0100, shortstr, ({ expiration }) => expiration),
  property(0x0080, shortstr, ({ messageId }) => messageId),
  property(0x0040, seconds, ({ timestamp }) => timestamp),
  property(0x0020, shortstr, ({ type }) => type),
  property(0x0010, shortstr, ({ userId }) => userId),
  property(0x0008, shortstr, ({ appId }) => appId),
];

function property<T>(
  flag: number,
  kind: Kind<T>,
  read: (message: WireMessage) => T | undefined,
): Property {
  return {
    flag,
    size: (message) => {
      const value = read(message);
      return value === undefined ? 0 : kind.size(value);
    },
    write: (bytes, at, message) => {
      const value = read(message);
      return value === undefined ? at : kind.write(bytes, at, value);
    },
  };
}

/** The frames of a checked message, in as few pieces as make sense, each made when it is asked for. */
export function* publishFrames(
  channel: number,
  message: WireMessage,
  frameMax: number,
): Generator<Buffer, void, undefined> {
  const { body } = message;
  const { byteLength } = body;
  const most = frameMax - AROUND_PAYLOAD;
  if (byteLength > 0 && byteLength <= Math.min(TOGETHER, most)) {
    const { bytes, end } = head(channel, message, byteLength + AROUND_PAYLOAD);
    writeFrame(bytes, end, FRAME.body, channel, byteLength, (at) => {
      bytes.set(body, at);
      return at + byteLength;
    });
    yield bytes;
    return;
  }
  yield head(channel, message, 0).bytes;
  for (let start = 0; start < byteLength; start += most)
    yield bodyFrame(channel, body.subarray(start, start + most));
}

/** Method and content header, with room for more behind them. */
function head(
  channel: number,
  message: WireMessage,
  room: number,
): { readonly bytes: Buffer; readonly end: number } {
  const { exchange, routingKey, mandatory, body } = message;
  const method = METHOD_FIXED + shortstr.size(exchange) + shortstr.size(routingKey);
  let flags = 0;
  let header = HEADER_FIXED;
  for (const each of PROPERTIES) {
    const size = each.size(message);
    if (size === 0) continue;
    flags |= each.flag;
    header += size;
  }
  const bytes = Buffer.allocUnsafe(method + header + 2 * AROUND_PAYLOAD + room);
  let end = writeFrame(bytes, 0, FRAME.method, channel, method, (start) => {
    let at = bytes.writeUInt32BE(METHOD.basicPublish, start);
    at = bytes.writeUInt16BE(0, at);
    at = shortstr.write(bytes, at, exchange);
    at = shortstr.write(bytes, at, routingKey);
    return bytes.writeUInt8(mandatory ? MANDATORY : 0, at);
  });
  end = writeFrame(bytes, end, FRAME.header, channel, header, (start) => {
    let at = bytes.writeUInt16BE(CLASS_BASIC, start);
    at = bytes.writeUInt16BE(0, at);
    at = bytes.writeBigUInt64BE(BigInt(body.byteLength), at);
    at = bytes.writeUInt16BE(flags, at);
    for (const each of PROPERTIES) at = each.write(bytes, at, message);
    return at;
  });
  return { bytes, end };
}

function bodyFrame(channel: number, piece: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(AROUND_PAYLOAD + piece.byteLength);
  writeFrame(bytes, 0, FRAME.body, channel, piece.byteLength, (at) => {
    bytes.set(piece, at);
    return at + piece.byteLength;
  });
  return bytes;
}

/** Writes a frame around what `payload` writes; gives where it ends. */
function writeFrame(
  bytes: Buffer,
  at: number,
  type: number,
  channel: number,
  size: number,
  payload: (start: number) => number,
): number {
  bytes.writeUInt8(type, at);
  bytes.writeUInt16BE(channel, at + 1);
  bytes.writeUInt32BE(size, at + 3);
  return bytes.writeUInt8(FRAME_END, payload(at + FRAME_PREFIX));
}
