import { aioPika } from './aio-pika.ts';
import type { NodePeer, Peer } from './peer.ts';

// Loaded on demand: a run pays for its own library only.
const NODE_PEERS: Readonly<Record<string, () => Promise<NodePeer>>> = {
  leveret: async () => (await import('./leveret.ts')).leveret,
  'leveret-amqplib': async () => (await import('./leveret-amqplib.ts')).leveretAmqplib,
  amqplib: async () => (await import('./amqplib.ts')).amqplib,
  'amqplib-merged': async () => (await import('./amqplib.ts')).amqplibMerged,
  'rabbitmq-client': async () => (await import('./rabbitmq-client.ts')).rabbitmqClient,
  'rabbitmq-client-own': async () => (await import('./rabbitmq-client-own.ts')).rabbitmqClientOwn,
  'amqp-connection-manager': async () =>
    (await import('./amqp-connection-manager.ts')).amqpConnectionManager,
  cloudamqp: async () => (await import('./cloudamqp.ts')).cloudamqp,
  rascal: async () => (await import('./rascal.ts')).rascal,
  nestjs: async () => (await import('./nestjs.ts')).nestjs,
  moleculer: async () => (await import('./moleculer.ts')).moleculer,
};

/** All names, in the order of the tables. */
export const PEER_NAMES: readonly string[] = [...Object.keys(NODE_PEERS), aioPika.name];

/** The peer of Node that has this name. */
export async function loadNodePeer(name: string): Promise<NodePeer> {
  const load = NODE_PEERS[name];
  if (!load) throw new Error(`there is no peer for Node by the name of ${name}`);
  return await load();
}

/** The peer of this name. */
export async function loadPeer(name: string): Promise<Peer> {
  return name === aioPika.name ? aioPika : await loadNodePeer(name);
}
