import type { Entry } from '../message.ts';
import { Lane } from './lane.ts';
import { PriorityLanes } from './priority-lanes.ts';
import type { QueueArguments } from './queue-arguments.ts';
import { QuorumReady } from './quorum-ready.ts';
import type { Ready } from './ready.ts';
import { WeightedLanes } from './weighted-lanes.ts';

/** The priority of a message without one in a quorum queue of RabbitMQ 4.3 (rabbit_fifo.erl). */
const QUORUM_DEFAULT = 4;

/** The store of waiting messages that a queue with these arguments needs. */
export function readyStore(args: QueueArguments): Ready {
  return args.type === 'quorum'
    ? new QuorumReady(quorumLanes(args.maxPriority))
    : classicLanes(args.maxPriority);
}

function classicLanes(highest: number): Ready {
  if (highest === 0) return new Lane();
  return new PriorityLanes(({ message }: Entry) => Math.min(message.priority, highest));
}

/** Quorum queues tell no priorities apart, or two, which share, or many, of which the highest goes first. */
function quorumLanes(highest: number): Ready {
  if (highest === 0) return new Lane();
  if (highest === 1) return new WeightedLanes();
  return new PriorityLanes(({ message }: Entry) =>
    Math.min(message.content.properties.priority ?? QUORUM_DEFAULT, highest),
  );
}
