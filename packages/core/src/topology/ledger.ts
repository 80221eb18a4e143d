import { isDeepStrictEqual } from 'node:util';
import {
  type BindingSpec,
  bindingArguments,
  type ExchangeSpec,
  type QueueRef,
  type QueueSpec,
} from './specs.ts';

/** A queue that was declared, with the reference by which others know it. */
export interface DeclaredQueue {
  readonly spec: QueueSpec;
  readonly ref: QueueRef;
}

/** One step of putting a topology back. */
export type PlanStep =
  | { readonly kind: 'exchange'; readonly spec: ExchangeSpec }
  | ({ readonly kind: 'queue' } & DeclaredQueue)
  | { readonly kind: 'bind'; readonly binding: BindingSpec };

/** A queue that may be gone, with what hung on it: as it was known before. */
export interface Forgotten {
  readonly queue: DeclaredQueue;
  readonly exchanges: readonly ExchangeSpec[];
  readonly bindings: readonly BindingSpec[];
}

/**
 * What was declared through a channel and not deleted since: what recovery puts back. It follows what the
 * broker does by itself: deleting a queue or exchange deletes its bindings, and what is `autoDelete` goes
 * with the last that used it.
 */
export class TopologyLedger {
  readonly #exchanges = new Map<string, ExchangeSpec>();
  readonly #queues = new Map<QueueRef, DeclaredQueue>();
  #bindings: BindingSpec[] = [];

  /** Notes an exchange; declaring it again changes nothing of its place. */
  addExchange(spec: ExchangeSpec): void {
    this.#exchanges.set(spec.name, spec);
  }

  /**
   * Notes a queue under `name`, as the broker confirmed it, and gives its reference: the same one for the
   * same named queue.
   */
  addQueue(spec: QueueSpec, name: string): QueueRef {
    const known = spec.name === '' ? undefined : this.findQueue(spec.name);
    const ref = known ?? { name };
    this.#queues.set(ref, { spec, ref });
    return ref;
  }

  /** The reference of a declared queue by its present name. */
  findQueue(name: string): QueueRef | undefined {
    for (const ref of this.#queues.keys()) if (ref.name === name) return ref;
    return undefined;
  }

  /** Notes a binding, once. */
  addBinding(binding: BindingSpec): void {
    if (!this.#bindings.some((other) => sameBinding(other, binding))) this.#bindings.push(binding);
  }

  /** Forgets a binding, and an `autoDelete` source that has no other left. */
  removeBinding(binding: BindingSpec): void {
    this.#dropBindings((other) => sameBinding(other, binding));
  }

  /** Forgets an exchange and every binding from or to it. */
  removeExchange(name: string): void {
    this.#exchanges.delete(name);
    this.#dropBindings((binding) => binding.source === name || binding.destination === name);
  }

  /** Forgets a queue and every binding of it. */
  removeQueue(ref: QueueRef): void {
    this.#queues.delete(ref);
    this.#dropBindings((binding) => sameDestination(binding.destination, ref));
  }

  /** Notes that the last consumer of this channel on a queue was cancelled: `autoDelete` ones are gone. Gives those. */
  consumersGone(ref: QueueRef): Forgotten | undefined {
    const queue = this.#queues.get(ref);
    if (!queue?.spec.autoDelete) return undefined;
    const exchanges = [...this.#exchanges.values()];
    const bindings = this.#bindings;
    this.removeQueue(ref);
    return {
      queue,
      exchanges: exchanges.filter(({ name }) => !this.#exchanges.has(name)),
      bindings: bindings.filter((binding) => !this.#bindings.includes(binding)),
    };
  }

  /** Such a queue is there after all: others consumed it. What was declared anew since stands. */
  consumersBack({ queue, exchanges, bindings }: Forgotten): void {
    if (this.findQueue(queue.ref.name)) return;
    for (const spec of exchanges) if (!this.#exchanges.has(spec.name)) this.addExchange(spec);
    this.#queues.set(queue.ref, queue);
    for (const binding of bindings) this.addBinding(binding);
  }

  /** The steps that put everything back, each after what it needs: exchanges, queues, bindings. */
  plan(): PlanStep[] {
    return [
      ...Array.from(this.#exchanges.values(), (spec) => ({ kind: 'exchange', spec }) as const),
      ...Array.from(this.#queues.values(), (queue) => ({ kind: 'queue', ...queue }) as const),
      ...this.#bindings.map((binding) => ({ kind: 'bind', binding }) as const),
    ];
  }

  #dropBindings(gone: (binding: BindingSpec) => boolean): void {
    const dropped = this.#bindings.filter(gone);
    this.#bindings = this.#bindings.filter((binding) => !dropped.includes(binding));
    for (const { source } of dropped) {
      const unused = !this.#bindings.some((binding) => binding.source === source);
      if (unused && this.#exchanges.get(source)?.autoDelete) this.removeExchange(source);
    }
  }
}

/** Each time that a queue of others is looked up there is another reference to it. */
function sameDestination(a: BindingSpec['destination'], b: BindingSpec['destination']): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b;
  return a.name === b.name;
}

function sameBinding(a: BindingSpec, b: BindingSpec): boolean {
  return (
    sameDestination(a.destination, b.destination) &&
    a.source === b.source &&
    a.routingKey === b.routingKey &&
    isDeepStrictEqual(bindingArguments(a) ?? {}, bindingArguments(b) ?? {})
  );
}
