// Numbers and texts on their way out. By hand rather than by the methods of a `Buffer`, whose checks cost more than the writing:
// what is written here was checked before.

/** Writes text of at most 255 bytes; gives where it ends. Throws where it is longer: all that follows would be misread. */
export function writeShortstr(bytes: Buffer, at: number, text: string): number {
  const length = writeText(bytes, at + 1, text);
  if (length > 255) throw new RangeError(`a short string has ${length} bytes`);
  bytes[at] = length;
  return at + 1 + length;
}

/** Up to so many characters a loop is faster than the way into C++ and back. */
const LOOPED = 64;

/** Writes text; gives its length in bytes. */
export function writeText(bytes: Buffer, at: number, text: string): number {
  const { length } = text;
  if (length > LOOPED) return bytes.write(text, at);
  for (let index = 0; index < length; index++) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7f) return bytes.write(text, at);
    bytes[at + index] = unit;
  }
  return length;
}

/** Writes 16 bits; gives where they end. */
export function writeShort(bytes: Buffer, at: number, value: number): number {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
  return at + 2;
}

/** Writes 32 bits; gives where they end. */
export function writeLong(bytes: Buffer, at: number, value: number): number {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
  return at + 4;
}

/** Writes 64 bits, exact up to 2^53; gives where they end. Without `BigInt`, which is made anew each time. */
export function writeLonglong(bytes: Buffer, at: number, value: number): number {
  return writeLong(bytes, writeLong(bytes, at, Math.floor(value / 2 ** 32)), value % 2 ** 32);
}

/** Writes what stands before the payload of a frame; gives where that starts. */
export function writePrefix(
  bytes: Buffer,
  at: number,
  type: number,
  channel: number,
  size: number,
): number {
  bytes[at] = type;
  writeShort(bytes, at + 1, channel);
  return writeLong(bytes, at + 3, size);
}
