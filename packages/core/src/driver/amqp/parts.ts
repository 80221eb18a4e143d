import type { HeaderTable } from '../../message/message.ts';
import { AROUND_PAYLOAD, FRAME, FRAME_END, METHOD } from './protocol.ts';
import { tableSize, writeTable } from './table.ts';
import { writeLong, writeLonglong, writePrefix, writeShort, writeShortstr } from './write.ts';

/** A field of a method on its way out. */
export interface Part {
  /** Bytes that it takes. */
  readonly size: number;
  /** Writes it; gives where it ends. */
  write(bytes: Buffer, at: number): number;
}

/** 16 bits. */
export function short(value: number): Part {
  return { size: 2, write: (bytes, at) => writeShort(bytes, at, value) };
}

/** 32 bits. */
export function long(value: number): Part {
  return { size: 4, write: (bytes, at) => writeLong(bytes, at, value) };
}

/** 64 bits. */
export function longlong(value: number): Part {
  return { size: 8, write: (bytes, at) => writeLonglong(bytes, at, value) };
}

/** Up to eight flags, the first in the lowest bit. */
export function bits(...flags: readonly boolean[]): Part {
  const octet = flags.reduce((bits, flag, index) => bits | (flag ? 1 << index : 0), 0);
  return { size: 1, write: (bytes, at) => bytes.writeUInt8(octet, at) };
}

/** Text of at most 255 bytes. */
export function shortstr(text: string): Part {
  return {
    size: 1 + Buffer.byteLength(text),
    write: (bytes, at) => writeShortstr(bytes, at, text),
  };
}

/** Text of any length. */
export function longstr(text: string): Part {
  return {
    size: 4 + Buffer.byteLength(text),
    write: (bytes, at) => {
      const length = bytes.write(text, at + 4);
      return writeLong(bytes, at, length) + length;
    },
  };
}

/** A table; none is an empty one. */
export function table(fields: HeaderTable = {}): Part {
  return {
    size: tableSize(fields),
    write: (bytes, at) => writeTable(bytes, at, fields),
  };
}

/** Bytes of the payload of `basic.ack`: method id, tag, flags. */
const ACK = 13;

/** The frame of `basic.ack`, of which there are more than of all other methods. */
export function ackFrame(channel: number, deliveryTag: number, multiple: boolean): Buffer {
  const bytes = Buffer.allocUnsafe(ACK + AROUND_PAYLOAD);
  let at = writePrefix(bytes, 0, FRAME.method, channel, ACK);
  at = writeLong(bytes, at, METHOD.basicAck);
  at = writeLonglong(bytes, at, deliveryTag);
  bytes[at] = multiple ? 1 : 0;
  bytes[at + 1] = FRAME_END;
  return bytes;
}

/** The frame of a method. */
export function methodFrame(channel: number, methodId: number, ...fields: readonly Part[]): Buffer {
  const size = fields.reduce((sum, field) => sum + field.size, 4);
  const bytes = Buffer.allocUnsafe(size + AROUND_PAYLOAD);
  let at = writePrefix(bytes, 0, FRAME.method, channel, size);
  at = writeLong(bytes, at, methodId);
  for (const field of fields) at = field.write(bytes, at);
  bytes[at] = FRAME_END;
  return bytes;
}
