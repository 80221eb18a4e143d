import { LeveretError } from '@leveret/core';

/** What {@link checkBody} holds a body against. */
export interface BodyRules {
  /** How many levels of arrays and maps that hold something may nest. */
  readonly maxDepth: number;
  /** Whether integers of 64 bits are read as `bigint`, so that all of them are exact. */
  readonly useBigInt64: boolean;
}

/** What comes after the first byte of a value. */
interface Form {
  /** Bytes of a size that follows. */
  readonly width: number;
  /** The size, where the first byte holds it; else what comes besides the size that follows. */
  readonly size: number;
  /** Values for each that the size counts: 0 where it counts bytes, 1 in arrays, 2 in maps. */
  readonly perItem: number;
  /** Whether it is binary data or an extension. */
  readonly bytes: boolean;
  /** What has to be looked at more closely. */
  readonly special?: 'uint64' | 'int64' | 'unused';
}

const plain: Form = { width: 0, size: 0, perItem: 0, bytes: false };
const fixed = (size: number): Form => ({ ...plain, size });
const str = (width: number): Form => ({ ...plain, width });
const bin = (width: number): Form => ({ ...plain, width, bytes: true });
/** A byte for its type, then the data. */
const ext = (width: number, size = 0): Form => ({ ...plain, width, size: size + 1, bytes: true });
const items = (width: number, perItem: number): Form => ({ ...plain, width, perItem });

/** The formats of https://github.com/msgpack/msgpack/blob/master/spec.md, in order from 0xc0. */
const FROM_C0: readonly Form[] = [
  fixed(0), // nil
  { ...plain, special: 'unused' },
  fixed(0), // false
  fixed(0), // true
  bin(1),
  bin(2),
  bin(4),
  ext(1),
  ext(2),
  ext(4),
  fixed(4), // float 32
  fixed(8), // float 64
  fixed(1), // uint 8
  fixed(2),
  fixed(4),
  { ...fixed(8), special: 'uint64' },
  fixed(1), // int 8
  fixed(2),
  fixed(4),
  { ...fixed(8), special: 'int64' },
  ext(0, 1),
  ext(0, 2),
  ext(0, 4),
  ext(0, 8),
  ext(0, 16),
  str(1),
  str(2),
  str(4),
  items(2, 1), // array 16
  items(4, 1),
  items(2, 2), // map 16
  items(4, 2),
];

/** The form of each first byte. */
const FORMS: readonly Form[] = Array.from({ length: 256 }, (_, first) => {
  if (first < 0x80) return plain; // an integer by itself, as from 0xe0 on
  if (first < 0x90) return { ...plain, size: first & 0x0f, perItem: 2 };
  if (first < 0xa0) return { ...plain, size: first & 0x0f, perItem: 1 };
  if (first < 0xc0) return fixed(first & 0x1f);
  return FROM_C0[first - 0xc0] ?? plain;
});

/** Says of a first byte that its form has to be looked up. */
const LOOK_UP = 255;

/** Bytes after each first byte, where that is all there is to know. */
const REST = Uint8Array.from(FORMS, ({ width, size, perItem, bytes, special }) =>
  width === 0 && perItem === 0 && !bytes && special === undefined ? size : LOOK_UP,
);

/**
 * Walks over the formats of a body without making values, and refuses what the decoder would choke on: a
 * body that ends early or late, sizes that it cannot hold, and deep nesting. A decoder that starts first
 * allocates each array at its declared size, at every level, before it finds the body too short.
 *
 * Answers whether the body holds binary data or extensions.
 *
 * @throws LeveretError `CODEC`.
 */
export function checkBody(body: Uint8Array, rules: BodyRules): boolean {
  return new Walk(body, rules).run();
}

class Walk {
  readonly #body: Uint8Array;
  readonly #rules: BodyRules;
  /** What is still to come on each level above this one. */
  readonly #outer: number[] = [];
  #left = 1;
  #at = 0;
  #hasBytes = false;

  constructor(body: Uint8Array, rules: BodyRules) {
    this.#body = body;
    this.#rules = rules;
  }

  run(): boolean {
    for (;;) {
      this.#siblings();
      while (this.#left === 0) {
        const outer = this.#outer.pop();
        if (outer === undefined) return this.#ended();
        this.#left = outer;
      }
    }
  }

  /** Walks over what is left on this level, up to a value that has to be looked at. */
  #siblings(): void {
    const body = this.#body;
    let left = this.#left;
    let at = this.#at;
    let form: Form | undefined;
    while (left > 0 && form === undefined) {
      left--;
      const first = body[at++] ?? UNUSED;
      const rest = REST[first] ?? LOOK_UP;
      if (rest === LOOK_UP) form = FORMS[first];
      else at += rest;
    }
    this.#left = left;
    this.#at = at;
    if (form) this.#value(form);
  }

  #value(form: Form): void {
    let { size } = form;
    if (form.width > 0) {
      size += uint(this.#body, this.#at, form.width);
      this.#at += form.width;
    }
    if (form.perItem > 0) return this.#open(size * form.perItem);
    if (form.special) checkSpecial(this.#body, this.#at, form.special, this.#rules);
    if (form.bytes) this.#hasBytes = true;
    this.#at += size;
  }

  #open(count: number): void {
    if (count > this.#body.length - this.#at) throw endsEarly();
    if (count === 0) return;
    const { maxDepth } = this.#rules;
    if (this.#outer.push(this.#left) > maxDepth)
      throw refusal(`nesting deeper than maxDepth, ${maxDepth} levels`);
    this.#left = count;
  }

  #ended(): boolean {
    const rest = this.#body.length - this.#at;
    if (rest < 0) throw endsEarly();
    if (rest > 0) throw refusal(`${rest} bytes after its value`);
    return this.#hasBytes;
  }
}

/** The byte that MessagePack never uses: it also stands for what is not there. */
const UNUSED = 0xc1;

function uint(body: Uint8Array, from: number, width: number): number {
  let value = 0;
  for (let at = from; at < from + width; at++) value = value * 256 + (body[at] ?? 0);
  return value;
}

function checkSpecial(
  body: Uint8Array,
  at: number,
  special: 'uint64' | 'int64' | 'unused',
  { useBigInt64 }: BodyRules,
): void {
  if (special === 'unused')
    throw at > body.length ? endsEarly() : refusal('a byte that MessagePack never uses, 0xc1');
  if (useBigInt64) return;
  if (at + 8 > body.length) throw endsEarly();
  const high = uint(body, at, 4);
  const value = (special === 'int64' ? high | 0 : high) * 2 ** 32 + uint(body, at + 4, 4);
  if (!Number.isSafeInteger(value))
    throw refusal('an integer that no number holds exactly; useBigInt64 reads it');
}

const endsEarly = (): LeveretError => refusal('less than it declares');

function refusal(what: string): LeveretError {
  return new LeveretError('CODEC', `the body is not acceptable MessagePack: it holds ${what}`);
}
