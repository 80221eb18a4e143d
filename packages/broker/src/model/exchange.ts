import type { Table } from '../base/field.ts';
import type { ProfileRules } from '../base/profile.ts';
import { alternateExchange, describeExchange } from './exchange-arguments.ts';
import { type Binding, bindingKey, type Destination } from './exchanges/binding.ts';
import type { Destinations, Router } from './exchanges/router.ts';
import { type ExchangeType, exchangeTypes } from './exchanges/types.ts';
import type { Message } from './message.ts';

/** What an exchange is declared with. */
export interface ExchangeSpec {
  readonly vhost: string;
  readonly name: string;
  readonly type: ExchangeType;
  readonly durable: boolean;
  /** Goes with its last binding. */
  readonly autoDelete: boolean;
  /** Takes messages from other exchanges only. */
  readonly internal: boolean;
  readonly arguments: Table;
}

/** An exchange: the bindings that lead from it, and how it chooses among them. */
export class Exchange {
  readonly kind = 'exchange';
  readonly name: string;
  readonly spec: ExchangeSpec;
  /** The exchange that takes what finds no route here. */
  readonly alternate: string | undefined;
  /** The bindings that lead here from other exchanges. */
  readonly incoming: Set<Binding> = new Set();
  /** The number of the last message that came here, so that each comes once. */
  mark = 0;
  readonly #bindings = new Map<string, Binding>();
  readonly #rules: ProfileRules;
  readonly #router: Router;

  /** @throws AmqpError 406 for wrong arguments */
  constructor(spec: ExchangeSpec, rules: ProfileRules) {
    this.name = spec.name;
    this.spec = spec;
    this.#rules = rules;
    this.alternate = alternateExchange(spec.arguments, describeExchange(spec));
    this.#router = exchangeTypes[spec.type].router(rules);
  }

  /** The bindings that lead from here, in the order in which they came. */
  get bindings(): Iterable<Binding> {
    return this.#bindings.values();
  }

  /** Whether bindings lead from here. */
  get isUsed(): boolean {
    return this.#bindings.size > 0;
  }

  /** The binding with this destination, routing key and arguments. */
  find(destination: Destination, routingKey: string, args: Table): Binding | undefined {
    return this.#bindings.get(bindingKey(destination, routingKey, args));
  }

  /**
   * Throws for a routing key or arguments that a binding from here must not have.
   *
   * @throws AmqpError 406
   */
  checkBinding(routingKey: string, args: Table): void {
    exchangeTypes[this.spec.type].checkBinding(routingKey, args, this.#rules);
  }

  /** Adds a binding. Returns whether it is new. */
  bind(destination: Destination, routingKey: string, args: Table): boolean {
    const key = bindingKey(destination, routingKey, args);
    if (this.#bindings.has(key)) return false;
    const binding = { source: this, destination, routingKey, arguments: args };
    this.#bindings.set(key, binding);
    destination.incoming.add(binding);
    this.#router.bind(binding);
    return true;
  }

  /** Takes away a binding that leads from here. */
  unbind(binding: Binding): void {
    const { destination, routingKey, arguments: args } = binding;
    if (!this.#bindings.delete(bindingKey(destination, routingKey, args))) return;
    destination.incoming.delete(binding);
    this.#router.unbind(binding);
  }

  /** Tells the destinations that the bindings lead a message to; without the alternate exchange. */
  route(message: Message, headers: Table | undefined, destinations: Destinations): void {
    this.#router.route(message, headers, destinations);
  }
}
