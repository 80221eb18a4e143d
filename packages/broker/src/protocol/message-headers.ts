import { AmqpError } from '../base/amqp-error.ts';
import { type Table, textOf } from '../base/field.ts';
import type { Properties } from '../base/properties.ts';

/** Ten years in milliseconds, the longest that RabbitMQ takes. */
const LONGEST_EXPIRATION = 315_360_000_000;

/**
 * The routing keys that sender-selected distribution adds (https://www.rabbitmq.com/docs/sender-selected): the texts of
 * the headers `CC` and `BCC`.
 *
 * @throws AmqpError 406 when one of them is not an array
 */
export function furtherRoutingKeys(headers: Table): readonly string[] | undefined {
  const keys = [...keysOf(headers, 'CC'), ...keysOf(headers, 'BCC')];
  return keys.length === 0 ? undefined : keys;
}

function keysOf(headers: Table, name: string): readonly string[] {
  const field = headers.get(name);
  if (field === undefined) return [];
  if (field.type !== 'A') {
    throw new AmqpError(406, `unacceptable type in header '${name}': expected an array`);
  }
  return field.value.map(textOf).filter((key) => key !== undefined);
}

/**
 * Time to live in milliseconds, from the property `expiration`.
 *
 * @throws AmqpError 406 when it is not a whole number from 0 to ten years
 */
export function expirationOf(expiration: string | undefined): number | undefined {
  if (expiration === undefined) return undefined;
  const ms = /^\+?\d+$/.test(expiration) ? Number(expiration) : Number.NaN;
  if (ms <= LONGEST_EXPIRATION) return ms;
  throw new AmqpError(406, `invalid expiration '${expiration}': not a number of milliseconds`);
}

/** The properties without the header `BCC`, which no consumer may see. */
export function withoutBcc(properties: Properties): Properties {
  const headers = new Map(properties.headers);
  headers.delete('BCC');
  return { ...properties, headers };
}

/** Whether the names of headers are in order. */
export function isSorted(headers: Table): boolean {
  let last = '';
  for (const name of headers.keys()) {
    if (name < last) return false;
    last = name;
  }
  return true;
}

/** Headers in the order of their names. */
export function sorted(headers: Table): Table {
  return new Map([...headers].sort(([a], [b]) => (a < b ? -1 : 1)));
}
