import { AmqpError } from '../base/amqp-error.ts';
import type { Queue } from '../model/queue/queue.ts';
import type { Route } from '../model/vhost.ts';
import type { MethodFields } from '../wire/methods.ts';
import { Confirms } from './confirms.ts';
import { Consumers } from './consumers.ts';
import { ContentAssembly, type Publish } from './content-assembly.ts';
import type { Link } from './link.ts';
import { type CheckedPublish, Publisher } from './publisher.ts';
import { ReplyConsumer } from './reply-consumer.ts';
import type { Session } from './session.ts';
import { Settlement, type SettlementKind } from './settlement.ts';
import { type Unacked, UnackedDeliveries } from './unacked.ts';

/** What `confirm.select` and `tx.select` choose between. */
type Mode =
  | { readonly kind: 'plain' }
  | { readonly kind: 'confirm'; readonly confirms: Confirms }
  | { readonly kind: 'transaction'; steps: TransactionStep[] };

/** What a transaction holds until its commit. */
type TransactionStep =
  | {
      readonly kind: 'publish';
      readonly publish: CheckedPublish;
      /** Where it goes, unless that is to be found at the commit. */
      readonly route: Route | undefined;
    }
  | {
      readonly kind: 'settle';
      readonly how: SettlementKind;
      readonly deliveries: readonly Unacked[];
    };

/** An open channel: its publishes, consumers and unsettled deliveries. The methods of AMQP call it, see `methods/`. */
export class Channel {
  readonly link: Link;
  readonly session: Session;
  readonly consumers: Consumers;
  readonly reply: ReplyConsumer;
  readonly assembly: ContentAssembly;
  readonly #unacked = new UnackedDeliveries();
  readonly #settlement: Settlement;
  readonly #publisher: Publisher;
  #mode: Mode = { kind: 'plain' };
  /** The queue that an empty name stands for. */
  lastQueue: string | undefined;

  constructor(link: Link, session: Session) {
    this.link = link;
    this.session = session;
    this.assembly = new ContentAssembly(session.maxMessageSize, session.rules.bodyExcess);
    this.consumers = new Consumers(link, session, this.#unacked);
    this.reply = new ReplyConsumer(link, session, () => this.#unacked.nextTag());
    this.#settlement = new Settlement(session.traffic);
    this.#publisher = new Publisher(link, session, () => this.reply.address);
  }

  get unackedCount(): number {
    return this.#unacked.size;
  }

  /** A publish has arrived whole. */
  publish(publish: Publish): void {
    const checked = this.#publisher.check(publish);
    const mode = this.#mode;
    switch (mode.kind) {
      case 'plain':
        return this.#publisher.publish(checked, undefined);
      case 'confirm':
        return this.#publisher.publish(checked, mode.confirms);
      case 'transaction':
        this.session.budget.take(checked.message.content.byteLength);
        mode.steps.push({ kind: 'publish', publish: checked, route: this.#routeAhead(checked) });
    }
  }

  #routeAhead(publish: CheckedPublish): Route | undefined {
    if (this.session.rules.transactionsRoute === 'at commit') return undefined;
    return this.#publisher.route(publish);
  }

  /**
   * `confirm.select`.
   *
   * @throws AmqpError 406 on a transactional channel
   */
  selectConfirms(): void {
    if (this.#mode.kind === 'transaction') {
      throw new AmqpError(406, 'cannot switch from tx to confirm mode');
    }
    if (this.#mode.kind === 'confirm') return;
    const { clock, faults } = this.session;
    this.#mode = { kind: 'confirm', confirms: new Confirms(this.link, clock, faults) };
  }

  /**
   * `tx.select`.
   *
   * @throws AmqpError 406 on a channel with confirms
   */
  selectTransactions(): void {
    if (this.#mode.kind === 'confirm') {
      throw new AmqpError(406, 'cannot switch from confirm to tx mode');
    }
    if (this.#mode.kind === 'plain') this.#mode = { kind: 'transaction', steps: [] };
  }

  /**
   * `tx.commit`: performs what the transaction holds, in order.
   *
   * @throws AmqpError 406 on a channel without transactions
   */
  commit(): void {
    for (const step of this.#takeSteps()) {
      if (step.kind === 'publish') this.#publisher.publish(step.publish, undefined, step.route);
      else this.#settleNow(step.how, step.deliveries);
    }
  }

  /**
   * `tx.rollback`: forgets the publishes, and what was settled is unsettled again.
   *
   * @throws AmqpError 406 on a channel without transactions
   */
  rollback(): void {
    const settled = this.#takeSteps().flatMap((step) =>
      step.kind === 'settle' ? step.deliveries : [],
    );
    this.#unacked.restore(settled);
  }

  #takeSteps(): readonly TransactionStep[] {
    if (this.#mode.kind !== 'transaction') {
      throw new AmqpError(406, 'channel is not transactional');
    }
    const { steps } = this.#mode;
    this.#mode.steps = [];
    for (const step of steps) {
      if (step.kind === 'publish')
        this.session.budget.give(step.publish.message.content.byteLength);
    }
    return steps;
  }

  /**
   * `basic.ack`, `basic.nack`, `basic.reject`.
   *
   * @throws AmqpError 406 for an unknown delivery tag
   */
  settle(how: SettlementKind, tag: number, multiple: boolean): void {
    const deliveries = this.#unacked.take(tag, multiple);
    if (this.#mode.kind === 'transaction') {
      this.#mode.steps.push({ kind: 'settle', how, deliveries });
    } else {
      this.#settleNow(how, deliveries);
    }
  }

  /** `basic.recover`: everything unsettled goes back to its queue. */
  recover(): void {
    this.#settleNow('lost', this.#unacked.takeAll());
  }

  #settleNow(how: SettlementKind, deliveries: readonly Unacked[]): void {
    this.#settlement.perform(how, deliveries);
    this.consumers.settled(deliveries);
  }

  /** `basic.get`. */
  get({ noAck }: MethodFields<'basic.get'>, queue: Queue): void {
    const entry = queue.get(noAck);
    if (entry === undefined) {
      this.link.send('basic.get-empty', {});
      return;
    }
    const deliveryTag = this.#unacked.nextTag();
    if (!noAck) this.#unacked.add({ tag: deliveryTag, queue, entry, consumer: undefined });
    this.session.traffic.delivered += 1;
    const { exchange, routingKey } = entry.message;
    const { redelivered } = entry;
    const { messageCount } = queue;
    this.link.send('basic.get-ok', {
      deliveryTag,
      redelivered,
      exchange,
      routingKey,
      messageCount,
    });
    this.link.sendContent(queue.contentOf(entry));
  }

  /** Writes the confirms that were gathered. */
  flush(): void {
    if (this.#mode.kind === 'confirm') this.#mode.confirms.flush();
  }

  /** Ends it: consumers go, and what is unsettled goes back to its queues. */
  end(): void {
    if (this.#mode.kind === 'confirm') this.#mode.confirms.abandon();
    this.reply.cancel();
    this.consumers.stop();
    if (this.#mode.kind === 'transaction') this.rollback();
    // What comes back must be there before other consumers get their turn, or they would get it out of order.
    this.#settlement.perform('lost', this.#unacked.takeAll());
    this.consumers.remove();
  }
}
