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
 * Whether valid JSON, `text` and its `bytes`, nests arrays and objects at most `max` levels deep.
 *
 * A level takes two bytes, so a body of up to `2 * max` bytes is answered without being read, and what has few
 * brackets by looking for them. Text that is not JSON gets some answer: `JSON.parse` refuses it anyway.
 */
export function isWithinDepth(text: string, bytes: Uint8Array, max: number): boolean {
  return bytes.length <= max * 2 || hasFewBrackets(text, max) || scan(bytes, max);
}

/**
 * Whether at most `max` open in the first half and at most `max` close in the second, those within strings
 * included: no place is deeper than what was opened before it, or than what is closed behind it. It costs as much as there
 * are brackets, where a scan costs as much as there are bytes.
 */
function hasFewBrackets(text: string, max: number): boolean {
  const end = text.length;
  const middle = end >> 1;
  const count = (bracket: string, from: number, to: number): number =>
    countUpTo(max + 1, text, bracket, from, to);
  return (
    count('{', 0, middle) + count('[', 0, middle) <= max &&
    count('}', middle, end) + count(']', middle, end) <= max
  );
}

/** How often `bracket` stands from `from` on, before `to`; `most` where it is at least that. */
function countUpTo(most: number, text: string, bracket: string, from: number, to: number): number {
  let count = 0;
  let at = text.indexOf(bracket, from);
  while (count < most && at !== -1 && at < to) {
    count++;
    at = text.indexOf(bracket, at + 1);
  }
  return count;
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
