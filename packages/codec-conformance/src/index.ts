export {
  type CodecCase,
  type CodecConformanceOptions,
  codecConformance,
} from './codec-conformance.ts';
export type { CodecSupport } from './values.ts';
