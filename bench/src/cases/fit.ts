import type { Peer } from '../peers/peer.ts';
import type { Case } from './case.ts';
import type { Kind, Load } from './load.ts';

type Ability = 'publisher' | 'consumer' | 'callee' | 'caller' | 'topic';

const NEEDS: Readonly<Record<Kind, readonly Ability[]>> = {
  call: ['callee', 'caller'],
  publish: ['publisher'],
  consume: ['consumer'],
  tasks: ['publisher', 'consumer'],
  topic: ['topic'],
  reconnect: ['publisher', 'consumer'],
  'start-up': ['publisher', 'consumer'],
  idle: ['publisher', 'consumer'],
  pending: ['callee', 'caller'],
  queues: ['consumer'],
};

/** Why a peer is left out of a case; nothing where it is not. */
export function obstacle(peer: Peer, { name, load }: Case): string | undefined {
  const said = peer.cannot[name];
  if (said !== undefined) return said;
  if (load.kind === 'reconnect' && !peer.guarantee.recovers) return 'it does not recover by itself';
  if (peer.runs === 'python')
    return peer.kinds.includes(load.kind) ? undefined : 'not written for Python';
  const lacking = NEEDS[load.kind].find((ability) => peer[ability] === undefined);
  if (lacking !== undefined) return `it has no ${lacking} here`;
  return knowsFormat(peer.formats, load) ? undefined : 'it writes JSON by itself';
}

function knowsFormat(formats: readonly string[], load: Load): boolean {
  return load.kind !== 'tasks' || formats.includes(load.format);
}
