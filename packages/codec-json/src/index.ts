export { type JsonCodec, type JsonCodecOptions, jsonCodec } from './json-codec.ts';
