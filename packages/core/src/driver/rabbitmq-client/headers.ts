/** Levels of tables and arrays that the headers of a message may have. */
const DEEPEST = 64;
/** The fewest bytes of a level: the type and the length of an array in an array. */
const LEAST_LEVEL = 5;

/** Bytes of a content header before its properties: class, weight, size of the body, flags. */
const PROPERTIES = 14;
const FLAGS = 12;
const HAS_CONTENT_TYPE = 0x8000;
const HAS_CONTENT_ENCODING = 0x4000;
const HAS_HEADERS = 0x2000;

/** What stands in for headers that nest too deep: a field of bytes, by this name. */
const TOO_DEEP = 'x-nested-too-deep';
const PLACEHOLDER = Buffer.from(`${String.fromCharCode(TOO_DEEP.length)}${TOO_DEEP}x`, 'latin1');

/** A name that stands for something else than a field. */
const PROTOTYPE = Buffer.from('__proto__');

const ARRAY = code('A');
const TABLE = code('F');

/** Bytes of the values of fixed size, by type. */
const FIXED: ReadonlyMap<number, number> = new Map([
  ...sized('V', 0),
  ...sized('tbB', 1),
  ...sized('su', 2),
  ...sized('Iif', 4),
  ...sized('D', 5),
  ...sized('lLdT', 8),
]);

/** Types whose values start with their length. */
const PREFIXED: ReadonlySet<number> = new Set([...'SxAF'].map(code));

/** A table or array that is being walked. */
interface Level {
  readonly end: number;
  readonly isTable: boolean;
}

/**
 * Makes the headers in the payload of a content header harmless, in place:
 *
 * - Those that nest deeper than any message means are replaced by a placeholder of the same size: the driver
 *   decodes them by recursion, and a few kilobytes of brackets would cost the connection, again with each
 *   delivery.
 * - A field `__proto__` becomes `x_proto__`: the driver would make its value the prototype of the table, and
 *   whoever looks for another field would find what is in it.
 */
export function tameHeaders(payload: Buffer): void {
  const start = headersAt(payload);
  if (start === undefined || start + 4 > payload.length) return;
  const size = payload.readUInt32BE(start);
  const content = start + 4;
  const end = content + size;
  if (end > payload.length) return;
  if (size >= DEEPEST * LEAST_LEVEL && walk(payload, content, end)) {
    PLACEHOLDER.copy(payload, content);
    const length = content + PLACEHOLDER.length;
    payload.writeUInt32BE(end - length - 4, length);
  } else if (size > PROTOTYPE.length && payload.indexOf(PROTOTYPE, content) >= 0) {
    walk(payload, content, end, disarm);
  }
}

/** Takes the meaning from a name that has one for JavaScript; `at` is where its length stands. */
function disarm(bytes: Buffer, at: number): void {
  const name = at + 1;
  const isPrototype = bytes[at] === PROTOTYPE.length && bytes.indexOf(PROTOTYPE, name) === name;
  if (isPrototype) bytes.write('x', name);
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

/**
 * Whether a table has more levels than allowed; tells where each name stands. What is malformed is left for
 * the driver to refuse.
 */
function walk(
  bytes: Buffer,
  start: number,
  end: number,
  named?: (bytes: Buffer, at: number) => void,
): boolean {
  const outer: Level[] = [];
  let level: Level | undefined = { end, isTable: true };
  let at = start;
  while (level) {
    if (at >= level.end) {
      at = level.end; // the driver goes on there, whatever the length of the last value
      level = outer.pop();
      continue;
    }
    if (level.isTable) {
      named?.(bytes, at);
      at += 1 + bytes.readUInt8(at);
    }
    const type = at < level.end ? bytes.readUInt8(at) : undefined;
    const size = type === undefined ? undefined : sizeOf(bytes, type, ++at, level.end);
    if (size === undefined) return false;
    if (type === ARRAY || type === TABLE) {
      outer.push(level);
      if (outer.length >= DEEPEST) return true;
      level = { end: Math.min(at + size, level.end), isTable: type === TABLE };
      at += 4;
    } else {
      at += size;
    }
  }
  return false;
}

/** Bytes of the value that starts there, its own length included. */
function sizeOf(bytes: Buffer, type: number, at: number, end: number): number | undefined {
  const fixed = FIXED.get(type);
  if (fixed !== undefined) return fixed;
  if (!PREFIXED.has(type) || at + 4 > end) return undefined;
  return 4 + bytes.readUInt32BE(at);
}

function sized(types: string, size: number): [number, number][] {
  return [...types].map((type) => [code(type), size]);
}

function code(type: string): number {
  return type.charCodeAt(0);
}
