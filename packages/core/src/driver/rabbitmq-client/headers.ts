import type { HeaderTable } from '../../message/message.ts';
import { readTable } from './table.ts';

/** Bytes of a content header before its properties: class, weight, size of the body, flags. */
const PROPERTIES = 14;
const FLAGS = 12;
const HAS_CONTENT_TYPE = 0x8000;
const HAS_CONTENT_ENCODING = 0x4000;
const HAS_HEADERS = 0x2000;

/**
 * Takes the headers out of the payload of a content header, with the closing byte of its frame: it is as if there had
 * been none. The driver would round large integers, make numbers of timestamps and run out of stack over
 * what nests too deep. Throws a `ProtocolViolation` where they are malformed.
 */
export function takeHeaders(payload: Buffer): HeaderTable | undefined {
  const start = headersAt(payload);
  if (start === undefined) return undefined;
  const { table, end } = readTable(payload.subarray(0, payload.length - 1), start);
  payload.writeUInt16BE(payload.readUInt16BE(FLAGS) & ~HAS_HEADERS, FLAGS);
  payload.copyWithin(start, end, payload.length - 1);
  return table;
}

/** Where the length of the headers stands, if there are any. */
function headersAt(payload: Buffer): number | undefined {
  if (payload.length < PROPERTIES) return undefined;
  const flags = payload.readUInt16BE(FLAGS);
  if ((flags & HAS_HEADERS) === 0) return undefined;
  let at = PROPERTIES;
  if ((flags & HAS_CONTENT_TYPE) !== 0) at += 1 + (payload[at] ?? 0);
  if ((flags & HAS_CONTENT_ENCODING) !== 0) at += 1 + (payload[at] ?? 0);
  return at;
}
