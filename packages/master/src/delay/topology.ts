import type { Channel, Exchange, HeaderTable } from '@leveret/core';
import { stageHeader } from '../headers.ts';
import { STAGES, type Stage } from './stages.ts';

/** Hands delayed tasks to the queues of their names. Bound to each of these by its name. */
export const DELIVERY = 'leveret.delay';
/** Queue, and the exchange in front of it, of what is due and has no queue to go to. */
export const UNROUTED = 'leveret.delay.unrouted';

/**
 * Quorum queues, since RabbitMQ moves messages on from these with confirms alone: a broker that dies on the way
 * leaves the message where it was. It asks for `reject-publish` in return ("Quorum Queues", dead lettering).
 */
const SAFE: HeaderTable = {
  'x-queue-type': 'quorum',
  'x-dead-letter-strategy': 'at-least-once',
  'x-overflow': 'reject-publish',
};

/** What delays need at the broker, declared as far as it is needed and at most once. */
export class DelayTopology {
  readonly #channel: Channel;
  readonly #stages: Exchange[] = [];
  #delivery: Promise<void> | undefined;
  /** One declaration after another, since each stage needs the one before it. */
  #work: Promise<unknown> = Promise.resolve();

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  /** The exchange in front of a stage, once it and all that follow it are there. */
  stage(index: number): Promise<Exchange> {
    const known = this.#stages[index];
    if (known) return Promise.resolve(known);
    const declared = this.#work.then(
      () => this.#upTo(index),
      () => this.#upTo(index),
    );
    this.#work = declared;
    return declared;
  }

  /** What everything ends with: the exchange that delivers, and the queue behind it. */
  delivery(): Promise<void> {
    this.#delivery ??= this.#declareDelivery().catch((error: unknown) => {
      this.#delivery = undefined;
      throw error;
    });
    return this.#delivery;
  }

  /** Somebody deleted something of it: declares it anew when it is needed next. */
  forget(): void {
    this.#stages.length = 0;
    this.#delivery = undefined;
  }

  async #upTo(index: number): Promise<Exchange> {
    await this.delivery();
    for (const [each, stage] of STAGES.slice(0, index + 1).entries())
      this.#stages[each] ??= await this.#declareStage(stage, this.#stages[each - 1]?.name);
    return this.#stages[index] ?? this.#upTo(index); // forgotten meanwhile
  }

  async #declareStage(stage: Stage, next = DELIVERY): Promise<Exchange> {
    const exchange = await this.#channel.declareExchange(`${DELIVERY}.${stage.name}`, {
      type: 'headers',
      durable: true,
      arguments: { 'alternate-exchange': next },
    });
    const digits = Array.from({ length: stage.digits }, (_, index) => index + 1);
    await Promise.all(digits.map((digit) => this.#declareWait(exchange, stage, digit, next)));
    return exchange;
  }

  async #declareWait(
    exchange: Exchange,
    { name, unit }: Stage,
    digit: number,
    next: string,
  ): Promise<void> {
    const ttl = unit * digit;
    const queue = await this.#channel.declareQueue(`${DELIVERY}.${ttl / 1000}s`, {
      durable: true,
      arguments: { ...SAFE, 'x-message-ttl': ttl, 'x-dead-letter-exchange': next },
    });
    await queue.bind(exchange, '', {
      arguments: { 'x-match': 'all', [stageHeader(name)]: digit },
    });
  }

  async #declareDelivery(): Promise<void> {
    const channel = this.#channel;
    await channel.declareExchange(UNROUTED, { type: 'fanout', durable: true });
    // What is rejected there is delivered anew, so that whoever makes its queue can have it.
    const queue = await channel.declareQueue(UNROUTED, {
      durable: true,
      arguments: { ...SAFE, 'x-dead-letter-exchange': DELIVERY },
    });
    await queue.bind(UNROUTED);
    await channel.declareExchange(DELIVERY, {
      type: 'direct',
      durable: true,
      arguments: { 'alternate-exchange': UNROUTED },
    });
  }
}
