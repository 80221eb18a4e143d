import type { Entry } from '../model/message.ts';
import type { DiscardCause, Queue, RequeueCause } from '../model/queue/queue.ts';
import type { Traffic } from './traffic.ts';
import type { Unacked } from './unacked.ts';

/** What becomes of a delivery: done, dropped or dead-lettered, or back to its queue. */
export type SettlementKind = 'ack' | `discard by ${DiscardCause}` | RequeueCause;

/** Tells queues what became of the deliveries that came from them. */
export class Settlement {
  readonly #traffic: Traffic;

  constructor(traffic: Traffic) {
    this.#traffic = traffic;
  }

  /** Settles deliveries, given in their order, all in one way. */
  perform(how: SettlementKind, deliveries: readonly Unacked[]): void {
    switch (how) {
      case 'ack':
        this.#traffic.acknowledged += deliveries.length;
        for (const { queue, entry } of deliveries) queue.ack(entry);
        return;
      case 'discard by nack':
        for (const { queue, entry } of deliveries) queue.discard(entry, 'nack');
        return;
      case 'discard by reject':
        for (const { queue, entry } of deliveries) queue.discard(entry, 'reject');
        return;
      default:
        this.#traffic.requeued += deliveries.length;
        for (const [queue, entries] of byQueue(deliveries)) queue.requeue(entries, how);
    }
  }
}

function byQueue(deliveries: readonly Unacked[]): ReadonlyMap<Queue, readonly Entry[]> {
  const groups = new Map<Queue, Entry[]>();
  for (const { queue, entry } of deliveries) {
    const group = groups.get(queue);
    if (group === undefined) groups.set(queue, [entry]);
    else group.push(entry);
  }
  return groups;
}
