import { describe, LeveretError } from '../errors/leveret-error.ts';
import { isThenable } from '../internal/thenable.ts';
import type { Codec, ContentKind } from './codec.ts';

/** The part of a message that a codec fills. */
export interface Encoded {
  /** The bytes. */
  readonly body: Uint8Array;
  /** Media type of the codec. */
  readonly contentType: string;
  /** Content encoding of the codec, where it has one. */
  readonly contentEncoding?: string;
}

/** The part of a message that decoding needs. */
export interface Decodable {
  /** The bytes as they came. */
  readonly body: Uint8Array;
  /** Media type as it came. */
  readonly contentType?: string | undefined;
  /** Content encoding as it came. */
  readonly contentEncoding?: string | undefined;
}

/** Which codecs a pattern uses. */
export interface CodecOptions {
  /** Encodes, and decodes what it understands and what carries no content type. */
  readonly codec: Codec;
  /** Further codecs that only decode (and answer in kind, where a pattern answers). */
  readonly accept?: readonly Codec[];
}

/**
 * The codecs of one pattern: one that writes, and all that read, chosen by content type and encoding.
 *
 * The type is compared first with its parameters, then without `charset`; case and an encoding of `utf-8`
 * do not matter. Errors: `UNSUPPORTED_CONTENT_TYPE` where no codec understands a message, `CODEC` with the
 * cause for whatever a codec throws.
 */
export class CodecSet {
  /** The codec that writes. */
  readonly codec: Codec;
  readonly #exact = new Map<string, Codec>();
  readonly #memo = new Map<string, Codec>();
  /** What was asked for last: mostly it is asked for again. */
  #last: { readonly kind: Partial<Decodable>; readonly codec: Codec } | undefined;

  /** Errors: `INVALID_ARGUMENT`, naming the option that is no codec. */
  constructor(options: CodecOptions) {
    checkCodecs(options);
    this.codec = options.codec;
    for (const codec of [options.codec, ...(options.accept ?? [])]) {
      for (const kind of [codec, ...(codec.aliases ?? [])]) {
        const key = kindKey(kind, 'with charset');
        if (!this.#exact.has(key)) this.#exact.set(key, codec);
      }
    }
  }

  /** The codec that understands a message of that kind. Errors: `UNSUPPORTED_CONTENT_TYPE`. */
  select(kind: Partial<Decodable>): Codec {
    const { contentType, contentEncoding } = kind;
    const last = this.#last;
    if (
      last &&
      last.kind.contentType === contentType &&
      last.kind.contentEncoding === contentEncoding
    )
      return last.codec;
    const codec = this.#choose(contentType, contentEncoding);
    this.#last = { kind: { contentType, contentEncoding }, codec };
    return codec;
  }

  /** Encodes `value`; a promise (a native one) only where the codec gives one. Errors: `CODEC`. */
  encode(value: unknown, codec: Codec = this.codec): Encoded | Promise<Encoded> {
    let body: Uint8Array | Promise<Uint8Array>;
    try {
      body = settled(codec.encode(value));
    } catch (error) {
      throw codecError(error, 'encode', codec);
    }
    if (!(body instanceof Promise)) return encoded(body, codec);
    return body.then(
      (bytes) => encoded(bytes, codec),
      (error) => {
        throw codecError(error, 'encode', codec);
      },
    );
  }

  /**
   * Decodes the body of `message`; a promise (a native one) only where the codec gives one. Errors: `CODEC`,
   * `UNSUPPORTED_CONTENT_TYPE`.
   */
  decode(message: Decodable): unknown {
    const codec = this.select(message);
    let value: unknown;
    try {
      value = settled(codec.decode(message.body));
    } catch (error) {
      throw codecError(error, 'decode', codec);
    }
    if (!(value instanceof Promise)) return value;
    return value.catch((error: unknown) => {
      throw codecError(error, 'decode', codec);
    });
  }

  #choose(contentType: string | undefined, contentEncoding: string | undefined): Codec {
    if (contentType === undefined || contentType === '') {
      if (isPlain(contentEncoding)) return this.codec;
      return this.#find(this.codec.contentType, contentEncoding);
    }
    return this.#find(contentType, contentEncoding);
  }

  #find(contentType: string, contentEncoding: string | undefined): Codec {
    const memoKey = `${contentType}\n${contentEncoding ?? ''}`;
    const known = this.#memo.get(memoKey);
    if (known) return known;
    const kind = contentEncoding === undefined ? { contentType } : { contentType, contentEncoding };
    const codec =
      this.#exact.get(kindKey(kind, 'with charset')) ?? this.#exact.get(kindKey(kind, 'without'));
    if (!codec) throw unsupported(kind);
    if (this.#memo.size < MEMO_MAX) this.#memo.set(memoKey, codec);
    return codec;
  }
}

/** Spellings remembered; peers choose them, so their number needs a bound. */
const MEMO_MAX = 64;

/** Callers in JavaScript give anything; where it is no codec, they learn it here and not at the first message. */
function checkCodecs(options: CodecOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new LeveretError(
      'INVALID_ARGUMENT',
      `options must be an object, not ${describe(options)}`,
    );
  const { codec, accept = [] } = options;
  checkCodec('codec', codec);
  if (!Array.isArray(accept))
    throw new LeveretError(
      'INVALID_ARGUMENT',
      `accept must be an array of codecs, not ${describe(accept)}`,
    );
  for (const [index, each] of accept.entries()) checkCodec(`accept[${index}]`, each);
}

function checkCodec(field: string, codec: Codec): void {
  checkKind(field, codec);
  for (const method of ['encode', 'decode'] as const)
    if (typeof codec[method] !== 'function')
      throw new LeveretError('INVALID_ARGUMENT', `${field}.${method} must be a function`);
  const { aliases = [] } = codec;
  if (!Array.isArray(aliases))
    throw new LeveretError('INVALID_ARGUMENT', `${field}.aliases must be an array`);
  for (const [index, each] of aliases.entries()) checkKind(`${field}.aliases[${index}]`, each);
}

function checkKind(field: string, kind: ContentKind): void {
  if (typeof kind !== 'object' || kind === null)
    throw new LeveretError('INVALID_ARGUMENT', `${field} must be an object, not ${describe(kind)}`);
  const { contentType, contentEncoding = '' } = kind;
  if (typeof contentType !== 'string')
    throw new LeveretError('INVALID_ARGUMENT', `${field}.contentType must be a string`);
  if (typeof contentEncoding !== 'string')
    throw new LeveretError('INVALID_ARGUMENT', `${field}.contentEncoding must be a string`);
}

/** What a codec gave: a promise of another library or realm becomes one that `instanceof Promise` knows. */
function settled<T>(given: T | Promise<T>): T | Promise<T> {
  return isThenable(given) ? Promise.resolve(given) : given;
}

function encoded(body: Uint8Array, codec: Codec): Encoded {
  if (!(body instanceof Uint8Array))
    throw new LeveretError('CODEC', `${codec.contentType} gave ${describe(body)} instead of bytes`);
  const { contentType, contentEncoding } = codec;
  return contentEncoding === undefined
    ? { body, contentType }
    : { body, contentType, contentEncoding };
}

function isPlain(contentEncoding: string | undefined): boolean {
  return !contentEncoding || /^utf-?8$/i.test(contentEncoding);
}

function kindKey(kind: ContentKind, charset: 'with charset' | 'without'): string {
  const [type = '', ...parameters] = kind.contentType
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const kept = parameters
    .filter((part) => part !== '' && (charset === 'with charset' || !part.startsWith('charset=')))
    .sort();
  const encoding = isPlain(kind.contentEncoding) ? '' : kind.contentEncoding?.toLowerCase().trim();
  return `${[type, ...kept].join(';')}\n${encoding}`;
}

function unsupported(kind: ContentKind): LeveretError {
  const encoding = kind.contentEncoding ? ` with encoding ${kind.contentEncoding}` : '';
  return new LeveretError(
    'UNSUPPORTED_CONTENT_TYPE',
    `no codec given understands ${kind.contentType}${encoding}`,
  );
}

function codecError(error: unknown, doing: 'encode' | 'decode', codec: Codec): LeveretError {
  if (error instanceof LeveretError && error.code === 'CODEC') return error;
  return new LeveretError('CODEC', `${codec.contentType} could not ${doing}`, { cause: error });
}
