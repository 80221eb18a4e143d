import { AmqpError } from '../base/amqp-error.ts';
import { type Field, type Table, textOf } from '../base/field.ts';
import { exactKey } from './exchanges/field-key.ts';

/**
 * Compares a property of an exchange or queue with the one that it is declared with again.
 *
 * @param described the exchange or queue in words
 * @throws AmqpError 406 where they differ
 */
export function checkProperty(
  name: string,
  current: string | boolean,
  received: string | boolean,
  described: string,
): void {
  if (current !== received) throw inequivalent(name, `'${current}'`, `'${received}'`, described);
}

/**
 * Compares arguments of an exchange or queue with those that it is declared with again. All types of integers are the
 * same; no queue type is the same as `classic`.
 *
 * @param names the arguments that count
 * @throws AmqpError 406 for the first that differs
 */
export function checkArguments(
  names: readonly string[],
  current: Table,
  received: Table,
  described: string,
): void {
  for (const name of names) {
    const [was, is] = [current.get(name), received.get(name)];
    if (sameArgument(was, is) || isDefaultQueueType(name, was ?? is)) continue;
    if (was !== undefined && is !== undefined) {
      throw inequivalent(name, `'${shown(was)}'`, `'${shown(is)}'`, described);
    }
    throw inequivalent(name, shownOrNone(was), shownOrNone(is), described);
  }
}

function sameArgument(one: Field | undefined, other: Field | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return exactKey(one) === exactKey(other);
}

/** Whether the one side that gives an argument asks for what the other side gets by default. */
function isDefaultQueueType(name: string, given: Field | undefined): boolean {
  return name === 'x-queue-type' && textOf(given) === 'classic';
}

function shownOrNone(field: Field | undefined): string {
  return field === undefined ? 'none' : `the value '${shown(field)}' of type '${field.type}'`;
}

const shown = (field: Field): string => textOf(field) ?? String(field.value);

function inequivalent(name: string, was: string, is: string, described: string): AmqpError {
  return new AmqpError(
    406,
    `inequivalent arg '${name}' for ${described}: received ${is} but current is ${was}`,
  );
}
