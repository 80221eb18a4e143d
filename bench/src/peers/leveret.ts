import { leveretWith } from './leveret-with.ts';
import type { NodePeer } from './peer.ts';

/** On the driver that it has by itself. */
export const leveret: NodePeer = leveretWith('leveret', ['rabbitmq-client'], {});
