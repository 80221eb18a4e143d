import { AmqpError } from '../base/amqp-error.ts';
import { emptyTable, type Table } from '../base/field.ts';
import type { ProfileRules } from '../base/profile.ts';
import type { Authorize } from './access.ts';
import { Exchange } from './exchange.ts';
import { ALTERNATE_EXCHANGE, alternateExchange, describeExchange } from './exchange-arguments.ts';
import type { Destination } from './exchanges/binding.ts';
import { type ExchangeType, isExchangeType } from './exchanges/types.ts';
import { checkArguments, checkProperty } from './vhost-equivalence.ts';
import { checkNotReserved, withoutLineBreaks } from './vhost-names.ts';

/** What `exchange.declare` asks for. */
export interface ExchangeDeclaration {
  readonly name: string;
  readonly type: string;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  readonly internal: boolean;
  readonly arguments: Table;
}

/** The exchanges that every virtual host has (rabbit_vhost.erl). */
const predeclared: readonly (readonly [name: string, type: ExchangeType, internal: boolean])[] = [
  ['', 'direct', false],
  ['amq.direct', 'direct', false],
  ['amq.fanout', 'fanout', false],
  ['amq.topic', 'topic', false],
  ['amq.headers', 'headers', false],
  ['amq.match', 'headers', false],
  ['amq.rabbitmq.trace', 'topic', true],
];

/** The exchanges of a virtual host, by name. */
export class Exchanges {
  readonly #vhost: string;
  readonly #rules: ProfileRules;
  readonly #exchanges = new Map<string, Exchange>();

  constructor(vhost: string, rules: ProfileRules) {
    this.#vhost = vhost;
    this.#rules = rules;
    for (const [name, type, internal] of predeclared) {
      this.#add({
        vhost,
        name,
        type,
        durable: true,
        autoDelete: false,
        internal,
        arguments: emptyTable,
      });
    }
  }

  /** All of them, in the order in which they came. */
  get all(): Iterable<Exchange> {
    return this.#exchanges.values();
  }

  /** The exchange of that name, if there is one; `''` is the default exchange. */
  find(name: string): Exchange | undefined {
    return this.#exchanges.get(name);
  }

  /** @throws AmqpError 404 where there is none */
  get(name: string): Exchange {
    const exchange = this.#exchanges.get(name);
    if (exchange === undefined) throw new AmqpError(404, `no ${this.#describe(name)}`);
    return exchange;
  }

  /**
   * Makes an exchange, unless there is one, which must be the same then.
   *
   * @param authorize asked for `configure`, and for a new exchange with an alternate one about the two
   * @throws AmqpError 503 or 406 for an unknown type, 403 for the default exchange and for a new name with `amq.`, 406 for
   *   wrong arguments or another exchange of that name, and what `authorize` throws
   */
  declare(declaration: ExchangeDeclaration, authorize: Authorize): Exchange {
    const { type } = declaration;
    if (!isExchangeType(type)) {
      throw new AmqpError(this.#rules.unknownExchangeType, `unknown exchange type '${type}'`);
    }
    const name = withoutLineBreaks(declaration.name);
    checkNotDefault(name);
    authorize('configure', name);
    const existing = this.#exchanges.get(name);
    if (existing !== undefined) {
      checkEquivalent(existing, declaration);
      return existing;
    }
    checkNotReserved('exchange', name);
    const alternate = alternateExchange(declaration.arguments, this.#describe(name));
    if (alternate !== undefined) {
      authorize('read', name);
      authorize('write', alternate);
    }
    return this.#add({ ...declaration, name, type, vhost: this.#vhost });
  }

  /**
   * The exchange of that name (passive declaration).
   *
   * @throws AmqpError 404 where there is none, 403 for the default exchange
   */
  check(name: string): Exchange {
    const stripped = withoutLineBreaks(name);
    checkNotDefault(stripped);
    return this.get(stripped);
  }

  /**
   * Deletes an exchange with the bindings from and to it; nothing where there is none.
   *
   * @param ifUnused only where no bindings lead from it
   * @throws AmqpError 403 for the exchanges that the broker made, 406 where bindings lead from it
   */
  delete(given: string, ifUnused: boolean): void {
    const name = withoutLineBreaks(given);
    checkNotDefault(name);
    if (name.startsWith('amq.')) {
      throw new AmqpError(403, `deletion of system ${this.#describe(name)} not allowed`);
    }
    const exchange = this.#exchanges.get(name);
    if (exchange === undefined) return;
    if (ifUnused && exchange.isUsed) throw new AmqpError(406, `${this.#describe(name)} in use`);
    this.#remove(exchange);
    this.detach(exchange);
  }

  /** Takes away a binding from an exchange, which goes with its last one if it deletes itself. */
  unbind(source: Exchange, destination: Destination, routingKey: string, args: Table): void {
    const binding = source.find(destination, routingKey, args);
    if (binding === undefined) return;
    source.unbind(binding);
    if (this.#removeUnused(source)) this.detach(source);
  }

  /**
   * Takes away the bindings to a destination that is gone, and the exchanges that delete themselves and lose their last
   * binding by that.
   */
  detach(destination: Destination): void {
    const gone: Destination[] = [destination];
    for (const next of gone) {
      for (const binding of next.incoming) {
        binding.source.unbind(binding);
        if (this.#removeUnused(binding.source)) gone.push(binding.source);
      }
    }
  }

  /** Forgets the exchanges that are not durable, and the bindings from and to them. */
  restart(): void {
    for (const exchange of this.#exchanges.values()) {
      if (exchange.spec.durable) continue;
      this.#remove(exchange);
      for (const binding of exchange.incoming) binding.source.unbind(binding);
    }
  }

  #add(spec: Exchange['spec']): Exchange {
    const exchange = new Exchange(spec, this.#rules);
    this.#exchanges.set(spec.name, exchange);
    return exchange;
  }

  #remove(exchange: Exchange): void {
    this.#exchanges.delete(exchange.name);
    for (const binding of exchange.bindings) exchange.unbind(binding);
  }

  #removeUnused(exchange: Exchange): boolean {
    if (!exchange.spec.autoDelete || exchange.isUsed) return false;
    return this.#exchanges.delete(exchange.name);
  }

  #describe(name: string): string {
    return describeExchange({ vhost: this.#vhost, name });
  }
}

/**
 * Throws for the default exchange, which cannot be declared, deleted or bound.
 *
 * @throws AmqpError 403
 */
export function checkNotDefault(exchange: string): void {
  if (exchange === '') throw new AmqpError(403, 'operation not permitted on the default exchange');
}

function checkEquivalent({ spec }: Exchange, declaration: ExchangeDeclaration): void {
  const described = describeExchange(spec);
  checkProperty('type', spec.type, declaration.type, described);
  checkProperty('durable', spec.durable, declaration.durable, described);
  checkProperty('auto_delete', spec.autoDelete, declaration.autoDelete, described);
  checkProperty('internal', spec.internal, declaration.internal, described);
  checkArguments([ALTERNATE_EXCHANGE], spec.arguments, declaration.arguments, described);
}
