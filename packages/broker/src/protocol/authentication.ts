import { AmqpError } from '../base/amqp-error.ts';
import { textOf } from '../base/field.ts';
import { decodeEntries } from '../wire/table.ts';

/** A name and a password as a client gave them. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** PLAIN (RFC 4616): authorisation id, NUL, name, NUL, password. Nobody may act for another, so the first is empty. */
function plain(response: Buffer): Credentials | undefined {
  const first = response.indexOf(0);
  const second = response.indexOf(0, first + 1);
  if (first !== 0 || second < 0) return undefined;
  return {
    user: response.toString('utf8', first + 1, second),
    password: response.toString('utf8', second + 1),
  };
}

/** AMQPLAIN: a field table without its length, with `LOGIN` and `PASSWORD`. */
function amqplain(response: Buffer): Credentials | undefined {
  const table = decodeEntries(response);
  const user = textOf(table.get('LOGIN'));
  const password = textOf(table.get('PASSWORD'));
  return user === undefined || password === undefined ? undefined : { user, password };
}

const mechanisms = { PLAIN: plain, AMQPLAIN: amqplain } as const;

/** The mechanisms in the form of `connection.start`. */
export const mechanismNames: string = Object.keys(mechanisms).join(' ');

function isMechanism(name: string): name is keyof typeof mechanisms {
  return Object.hasOwn(mechanisms, name);
}

/**
 * Reads the response of `connection.start-ok`.
 *
 * @returns undefined when the response does not hold a name and a password
 * @throws AmqpError 530 for a mechanism that was not offered, 501 or 502 for a malformed table
 */
export function readCredentials(mechanism: string, response: Buffer): Credentials | undefined {
  if (!isMechanism(mechanism)) {
    throw new AmqpError(530, `invalid mechanism '${mechanism}'`);
  }
  return mechanisms[mechanism](response);
}
