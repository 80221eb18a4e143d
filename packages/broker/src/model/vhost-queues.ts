import { AmqpError } from '../base/amqp-error.ts';
import type { Table } from '../base/field.ts';
import type { ProfileRules } from '../base/profile.ts';
import type { Authorize } from './access.ts';
import type { Owner } from './consumer.ts';
import { QueueDestination } from './exchanges/binding.ts';
import { Queue } from './queue/queue.ts';
import {
  comparedArguments,
  describeQueue,
  type QueueSpec,
  queueArguments,
  queueType,
} from './queue/queue-arguments.ts';
import type { QueueHost } from './queue/queue-host.ts';
import { checkArguments, checkProperty } from './vhost-equivalence.ts';
import { checkNotReserved, generateQueueName, withoutLineBreaks } from './vhost-names.ts';

/** What `queue.declare` asks for. */
export interface QueueDeclaration {
  /** `''` for a name that the broker gives. */
  readonly name: string;
  readonly durable: boolean;
  readonly exclusive: boolean;
  readonly autoDelete: boolean;
  readonly arguments: Table;
}

/** When a queue may be deleted. */
export interface QueueDeletion {
  /** Only without consumers. */
  readonly ifUnused: boolean;
  /** Only without messages that wait. */
  readonly ifEmpty: boolean;
}

/** The queues of a virtual host, by name and by owner. */
export class Queues {
  readonly #vhost: string;
  readonly #host: QueueHost;
  readonly #queues = new Map<string, QueueDestination>();
  readonly #maxQueues: number;
  /** The exclusive ones. */
  readonly #owned = new Map<Owner, Set<QueueDestination>>();

  /** @param maxQueues how many there may be */
  constructor(vhost: string, host: QueueHost, maxQueues: number) {
    this.#vhost = vhost;
    this.#host = host;
    this.#maxQueues = maxQueues;
  }

  /** All of them, in the order in which they came. */
  get all(): Iterable<QueueDestination> {
    return this.#queues.values();
  }

  /** The queue of that name, if there is one. */
  find(name: string): QueueDestination | undefined {
    return this.#queues.get(name);
  }

  /**
   * The queue of that name.
   *
   * @throws AmqpError 404 where there is none, 405 where it is exclusive to another owner
   */
  get(name: string, owner: Owner): QueueDestination {
    const found = this.#queues.get(name);
    if (found === undefined) throw new AmqpError(404, `no ${this.#describe(name)}`);
    checkNotLocked(found.queue, owner);
    return found;
  }

  /**
   * Makes a queue, unless there is one, which must be the same then.
   *
   * @param authorize asked for `configure`, and for a new queue with a dead letter exchange about the two
   * @throws AmqpError 403 for a name with `amq.`, 405 where the queue is exclusive to another owner or not exclusive,
   *   406 for wrong arguments or another queue of that name, 541 where transient queues are not permitted, and what
   *   `authorize` throws
   */
  declare(declaration: QueueDeclaration, owner: Owner, authorize: Authorize): Queue {
    const spec = this.#specOf(declaration, owner);
    authorize('configure', spec.name);
    const existing = this.#queues.get(spec.name)?.queue;
    if (existing !== undefined) {
      checkEquivalent(existing, spec, this.#host.rules);
      existing.touch();
      return existing;
    }
    const { rules } = this.#host;
    const args = queueArguments(spec, rules);
    if (args.deadLetterExchange !== undefined) {
      authorize('read', spec.name);
      authorize('write', args.deadLetterExchange);
    }
    if (!rules.transientQueues && !spec.durable && spec.owner === undefined) {
      throw new AmqpError(541, 'transient_nonexcl_queues are deprecated and not permitted');
    }
    if (this.#queues.size >= this.#maxQueues) {
      const limit = `queue limit in vhost '${this.#vhost}' (${this.#maxQueues}) is reached`;
      throw new AmqpError(406, `cannot declare ${this.#describe(spec.name)}: ${limit}`);
    }
    const added = new QueueDestination(new Queue(spec, args, this.#host));
    this.#add(added);
    return added.queue;
  }

  /**
   * Takes a queue out of the books. Returns whether it was there: else another one of its name may be, which stays.
   */
  remove(destination: QueueDestination): boolean {
    if (this.#queues.get(destination.name) !== destination) return false;
    this.#queues.delete(destination.name);
    const { owner } = destination.queue.spec;
    if (owner === undefined) return true;
    const owned = this.#owned.get(owner);
    owned?.delete(destination);
    if (owned?.size === 0) this.#owned.delete(owner);
    return true;
  }

  /** The exclusive queues of an owner. */
  ownedBy(owner: Owner): readonly QueueDestination[] {
    return [...(this.#owned.get(owner) ?? [])];
  }

  /** An exclusive queue is never durable. */
  #specOf(declaration: QueueDeclaration, owner: Owner): QueueSpec {
    const { durable, exclusive, autoDelete, arguments: args } = declaration;
    const given = withoutLineBreaks(declaration.name);
    checkNotReserved('queue', given);
    const spec = {
      vhost: this.#vhost,
      name: given === '' ? generateQueueName() : given,
      durable: durable && !exclusive,
      autoDelete,
      owner: exclusive ? owner : undefined,
      arguments: args,
    };
    if (given === '' && queueType(spec, this.#host.rules) === 'quorum') {
      throw new AmqpError(406, 'Cannot declare a server-named queue for type rabbit_quorum_queue');
    }
    return spec;
  }

  #add(destination: QueueDestination): void {
    const { name, spec } = destination.queue;
    this.#queues.set(name, destination);
    if (spec.owner === undefined) return;
    const owned = this.#owned.get(spec.owner);
    if (owned === undefined) this.#owned.set(spec.owner, new Set([destination]));
    else owned.add(destination);
  }

  #describe(name: string): string {
    return describeQueue({ vhost: this.#vhost, name });
  }
}

/**
 * Throws where a queue may not be deleted now.
 *
 * @throws AmqpError 406 where it is in use or not empty, 540 for a condition on a quorum queue
 */
export function checkDeletion(queue: Queue, { ifUnused, ifEmpty }: QueueDeletion): void {
  const described = describeQueue(queue.spec);
  if (queue.arguments.type === 'quorum' && (ifUnused || ifEmpty)) {
    const flag = ifUnused ? 'if-unused' : 'if-empty';
    const why = `queue.delete operations with ${flag} flag set are not supported by quorum queues`;
    throw new AmqpError(540, `cannot delete ${described}. ${why}`);
  }
  if (ifEmpty && queue.messageCount > 0) throw new AmqpError(406, `${described} not empty`);
  if (ifUnused && queue.consumerCount > 0) throw new AmqpError(406, `${described} in use`);
}

/**
 * Throws where a queue is exclusive to somebody else.
 *
 * @throws AmqpError 405
 */
export function checkNotLocked(queue: Queue, owner: Owner): void {
  if (queue.spec.owner !== undefined && queue.spec.owner !== owner) throw locked(queue);
}

function checkEquivalent(queue: Queue, declared: QueueSpec, rules: ProfileRules): void {
  const { spec } = queue;
  if (spec.owner !== declared.owner) throw locked(queue);
  const described = describeQueue(spec);
  checkProperty('durable', spec.durable, declared.durable, described);
  checkProperty('auto_delete', spec.autoDelete, declared.autoDelete, described);
  const compared = comparedArguments(queue.arguments.type, rules);
  checkArguments(compared, spec.arguments, declared.arguments, described);
}

function locked({ spec }: Queue): AmqpError {
  return new AmqpError(
    405,
    `cannot obtain exclusive access to locked ${describeQueue(spec)}. It could be originally ` +
      'declared on another connection or the exclusive property value does not match that of the ' +
      'original declaration.',
  );
}
