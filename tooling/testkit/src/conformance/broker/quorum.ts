import type { BrokerCase, Suite } from './suite.ts';
export function quorumCases(_: Suite): BrokerCase[] {
  return [];
}
