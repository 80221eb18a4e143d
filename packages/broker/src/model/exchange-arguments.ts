import { AmqpError } from '../base/amqp-error.ts';
import { type Table, textOf } from '../base/field.ts';

/** Where messages go that an exchange has no route for. */
export const ALTERNATE_EXCHANGE = 'alternate-exchange';

/** RabbitMQ's words for an exchange: `exchange 'x' in vhost '/'`. */
export function describeExchange(exchange: {
  readonly vhost: string;
  readonly name: string;
}): string {
  return `exchange '${exchange.name}' in vhost '${exchange.vhost}'`;
}

/**
 * The name of the alternate exchange that a declaration asks for, the only argument with an effect.
 *
 * @param described the exchange in words, for the refusal
 * @throws AmqpError 406 where it is not text
 */
export function alternateExchange(args: Table, described: string): string | undefined {
  const field = args.get(ALTERNATE_EXCHANGE);
  const name = textOf(field);
  if (field !== undefined && name === undefined) {
    throw new AmqpError(
      406,
      `invalid type '${field.type}' for arg '${ALTERNATE_EXCHANGE}' in ${described}`,
    );
  }
  return name;
}
