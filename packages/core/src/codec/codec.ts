/** A content type and, where there is one, a content encoding, as they stand in a message. */
export interface ContentKind {
  /** A media type, with parameters where they matter, such as `application/json`. */
  readonly contentType: string;
  /** A content encoding, such as `gzip`. */
  readonly contentEncoding?: string;
}

/**
 * Turns values into bytes and back. A codec is given to whoever needs one; nothing inherits from it.
 *
 * `encode` and `decode` may answer a value or a promise; a synchronous codec costs no extra microtask.
 * What a codec throws reaches the user as `CODEC` with the cause, or as it is where it is a `LeveretError`.
 * `decode` gets the very bytes that were sent and must not keep them. Check one with
 * `@leveret/codec-conformance`.
 */
export interface Codec extends ContentKind {
  /** Further kinds that `decode` understands and `encode` does not write. */
  readonly aliases?: readonly ContentKind[];
  /** The bytes of `value`. */
  encode(value: unknown): Uint8Array | Promise<Uint8Array>;
  /** The value in `bytes`, or a promise of it. */
  decode(bytes: Uint8Array): unknown;
}
