import { gunzipSync, gzipSync } from 'node:zlib';
import { decode, encode } from '@msgpack/msgpack';

/** How values become bytes. */
export const FORMATS = ['json', 'msgpack', 'gzip'] as const;

/** One of {@link FORMATS}; `gzip` is JSON, zipped. */
export type Format = (typeof FORMATS)[number];

/** A format as users of a library without codecs write it. */
export interface Bytes {
  readonly contentType: string;
  encode(value: unknown): Buffer;
  decode(bytes: Buffer): unknown;
}

/** By hand, with what is usual for each. */
export const BYTES: Readonly<Record<Format, Bytes>> = {
  json: {
    contentType: 'application/json',
    encode: (value) => Buffer.from(JSON.stringify(value)),
    decode: (bytes) => JSON.parse(bytes.toString()),
  },
  msgpack: {
    contentType: 'application/msgpack',
    encode: (value) => {
      const bytes = encode(value);
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },
    decode: (bytes) => decode(bytes),
  },
  gzip: {
    contentType: 'application/octet-stream',
    encode: (value) => gzipSync(JSON.stringify(value)),
    decode: (bytes) => JSON.parse(gunzipSync(bytes).toString()),
  },
};
