export { type GzipCodecOptions, gzipCodec } from './gzip-codec.ts';
export type { GzipForm } from './kinds.ts';
