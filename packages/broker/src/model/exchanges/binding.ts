import type { Table } from '../../base/field.ts';
import type { Exchange } from '../exchange.ts';
import type { Queue } from '../queue/queue.ts';
import { tableKey } from './field-key.ts';

/** A way from an exchange to a queue or to another exchange. */
export interface Binding {
  readonly source: Exchange;
  readonly destination: Destination;
  readonly routingKey: string;
  readonly arguments: Table;
}

/** What messages are routed to. */
export type Destination = Exchange | QueueDestination;

/** A queue with the bindings that lead to it. */
export class QueueDestination {
  readonly kind = 'queue';
  readonly queue: Queue;
  /** The bindings that lead here. */
  readonly incoming: Set<Binding> = new Set();
  /** The number of the last message that was routed here, so that each comes once. */
  mark = 0;

  constructor(queue: Queue) {
    this.queue = queue;
  }

  get name(): string {
    return this.queue.name;
  }
}

/**
 * What tells the bindings of one exchange apart: two with the same destination, routing key and arguments (in any
 * order, but of the same types) are one.
 */
export function bindingKey(destination: Destination, routingKey: string, args: Table): string {
  const { kind, name } = destination;
  return `${kind} ${name.length} ${name} ${routingKey.length} ${routingKey} ${tableKey(args)}`;
}
