import { amqplibDriver } from '@leveret/driver-amqplib';
import { leveretWith } from './leveret-with.ts';
import type { NodePeer } from './peer.ts';

/** On its second driver. */
export const leveretAmqplib: NodePeer = leveretWith('leveret-amqplib', ['amqplib'], {
  driver: amqplibDriver(),
});
