export { ExtData, ExtensionCodec } from '@msgpack/msgpack';
export { type MsgpackCodec, type MsgpackCodecOptions, msgpackCodec } from './msgpack-codec.ts';
