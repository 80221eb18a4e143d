const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** `[` and `]` become `{` and `}` with this bit set. */
const BRACE_BIT = 0x20;
const OPEN = 0x7b;
const CLOSE = 0x7d;
/** How much of a string is read byte by byte before `indexOf` is worth its call. */
const SHORT = 32;
/** No byte below it opens or closes anything, save the quote. */
const FIRST_BRACKET = 0x5b;

/**
 * Whether valid JSON in `bytes` nests arrays and objects at most `max` levels deep.
 *
 * A level takes two bytes, so a body of up to `2 * max` bytes is answered without being read. Text that
 * is not JSON gets some answer: `JSON.parse` refuses it anyway.
 */
export function isWithinDepth(bytes: Uint8Array, max: number): boolean {
  return bytes.length <= max * 2 || scan(bytes, max);
}

function scan(bytes: Uint8Array, max: number): boolean {
  const end = bytes.length;
  let depth = 0;
  for (let i = 0; i < end; i++) {
    const byte = bytes[i] ?? 0;
    if (byte === QUOTE) i = endOfString(bytes, i + 1, end);
    else if (byte >= FIRST_BRACKET) {
      const bracket = byte | BRACE_BIT;
      if (bracket === OPEN) {
        if (++depth > max) return false;
      } else if (bracket === CLOSE) depth--;
    }
  }
  return true;
}

/** Where the string whose first character is at `from` has its closing quote. */
function endOfString(bytes: Uint8Array, from: number, end: number): number {
  let i = from;
  for (let stop = from + SHORT; i < end; i++) {
    const byte = bytes[i];
    if (byte === QUOTE) return i;
    if (byte === BACKSLASH) i++;
    else if (i > stop) {
      i = nextQuote(bytes, i, end);
      if (!isEscaped(bytes, i)) return i;
      stop = i + SHORT;
    }
  }
  return i;
}

function nextQuote(bytes: Uint8Array, from: number, end: number): number {
  const found = bytes.indexOf(QUOTE, from);
  return found === -1 ? end : found;
}

/** Whether an odd number of backslashes stands before `at`: inside a string they go in pairs. */
function isEscaped(bytes: Uint8Array, at: number): boolean {
  let first = at;
  while (bytes[first - 1] === BACKSLASH) first--;
  return (at - first) % 2 === 1;
}
