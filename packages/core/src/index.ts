export type { Codec, ContentKind } from './codec/codec.ts';
export { errorCodes, type LeveretErrorCode } from './errors/codes.ts';
export {
  InvalidMessageError,
  LeveretError,
  type LeveretErrorOptions,
  TimeoutError,
} from './errors/leveret-error.ts';
