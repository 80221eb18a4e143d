import { LeveretError } from '@leveret/core';

/** What {@link checkBody} holds a body against. */
export interface BodyRules {
  /** How many levels of arrays and maps that hold something may nest. */
  readonly maxDepth: number;
  /** Whether integers of 64 bits are read as `bigint`, so that all of them are exact. */
  readonly useBigInt64: boolean;
}

/** How the rest of a value follows its first byte, for first bytes from 0xc0 to 0xdf. */
type Layout =
  | { readonly kind: 'fixed'; readonly size: number; readonly bytes?: true }
  | {
      readonly kind: 'sized';
      readonly width: 1 | 2 | 4;
      readonly extra: number;
      readonly bytes?: true;
    }
  | { readonly kind: 'items'; readonly width: 2 | 4; readonly perItem: 1 | 2 }
  | { readonly kind: 'uint64' | 'int64' | 'unused' };

const ext = (size: number): Layout => ({ kind: 'fixed', size: size + 1, bytes: true });
const bin = (width: 1 | 2 | 4, extra: number): Layout => ({
  kind: 'sized',
  width,
  extra,
  bytes: true,
});
const str = (width: 1 | 2 | 4): Layout => ({ kind: 'sized', width, extra: 0 });
const fixed = (size: number): Layout => ({ kind: 'fixed', size });
const items = (width: 2 | 4, perItem: 1 | 2): Layout => ({ kind: 'items', width, perItem });

/** The formats of https://github.com/msgpack/msgpack/blob/master/spec.md, in order from 0xc0. */
const layouts: readonly Layout[] = [
  fixed(0), // nil
  { kind: 'unused' },
  fixed(0), // false
  fixed(0), // true
  bin(1, 0),
  bin(2, 0),
  bin(4, 0),
  bin(1, 1), // ext: a type byte, then the data
  bin(2, 1),
  bin(4, 1),
  fixed(4), // float 32
  fixed(8), // float 64
  fixed(1), // uint 8
  fixed(2),
  fixed(4),
  { kind: 'uint64' },
  fixed(1), // int 8
  fixed(2),
  fixed(4),
  { kind: 'int64' },
  ext(1),
  ext(2),
  ext(4),
  ext(8),
  ext(16),
  str(1),
  str(2),
  str(4),
  items(2, 1), // array 16
  items(4, 1),
  items(2, 2), // map 16
  items(4, 2),
];

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
      while (this.#left === 0) {
        const outer = this.#outer.pop();
        if (outer === undefined) return this.#end();
        this.#left = outer;
      }
      this.#left--;
      this.#value(this.#uint(1));
    }
  }

  #value(first: number): void {
    if (first < 0x80 || first >= 0xe0) return;
    if (first < 0x90) this.#open((first & 0x0f) * 2);
    else if (first < 0xa0) this.#open(first & 0x0f);
    else if (first < 0xc0) this.#skip(first & 0x1f);
    else this.#laidOut(first);
  }

  #laidOut(first: number): void {
    const layout = layouts[first - 0xc0] ?? { kind: 'unused' };
    if (layout.kind === 'fixed') this.#skip(layout.size);
    else if (layout.kind === 'sized') this.#skip(this.#uint(layout.width) + layout.extra);
    else if (layout.kind === 'items') this.#open(this.#uint(layout.width) * layout.perItem);
    else if (layout.kind === 'unused') throw refusal('a byte that MessagePack never uses, 0xc1');
    else this.#integer64(layout.kind);
    if ('bytes' in layout) this.#hasBytes = true;
  }

  #open(count: number): void {
    if (count === 0) return;
    if (count > this.#body.length - this.#at) throw endsEarly();
    if (this.#outer.push(this.#left) > this.#rules.maxDepth)
      throw refusal(`nesting deeper than maxDepth, ${this.#rules.maxDepth} levels`);
    this.#left = count;
  }

  #integer64(kind: 'uint64' | 'int64'): void {
    const high = this.#uint(4);
    const low = this.#uint(4);
    if (this.#rules.useBigInt64) return;
    const value = (kind === 'int64' ? high | 0 : high) * 2 ** 32 + low;
    if (!Number.isSafeInteger(value))
      throw refusal('an integer that no number holds exactly; useBigInt64 reads it');
  }

  #uint(width: number): number {
    let value = 0;
    for (const end = this.#at + width; this.#at < end; this.#at++) {
      const byte = this.#body[this.#at];
      if (byte === undefined) throw endsEarly();
      value = value * 256 + byte;
    }
    return value;
  }

  #skip(size: number): void {
    this.#at += size;
    if (this.#at > this.#body.length) throw endsEarly();
  }

  #end(): boolean {
    const rest = this.#body.length - this.#at;
    if (rest !== 0) throw refusal(`${rest} bytes after its value`);
    return this.#hasBytes;
  }
}

const endsEarly = (): LeveretError => refusal('less than it declares');

function refusal(what: string): LeveretError {
  return new LeveretError('CODEC', `the body is not acceptable MessagePack: it holds ${what}`);
}
