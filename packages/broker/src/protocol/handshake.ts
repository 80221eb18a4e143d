import { AmqpError } from '../base/amqp-error.ts';
import type { Field, Table } from '../base/field.ts';
import type { User } from '../model/access.ts';
import type { VirtualHost } from '../model/vhost.ts';
import type { MethodFields } from '../wire/methods.ts';
import { mechanismNames, readCredentials } from './authentication.ts';
import type { BrokerContext } from './broker-context.ts';
import { serverProperties } from './server-properties.ts';

/** What a client said of itself in `connection.start-ok`. */
export interface Client {
  readonly user: User;
  readonly properties: Table;
}

/** What was agreed in `connection.tune-ok`. */
export interface Tuning {
  readonly channelMax: number;
  readonly frameMax: number;
  /** Seconds; 0 is none. */
  readonly heartbeat: number;
}

/** Whether a client says that it can do something, in its `capabilities`. */
export function clientCan(properties: Table, capability: string): boolean {
  const capabilities: Field | undefined = properties.get('capabilities');
  return capabilities?.type === 'F' && capabilities.value.get(capability)?.value === true;
}

/** The fields of `connection.start`. */
export function startFields({ model }: BrokerContext): MethodFields<'connection.start'> {
  return {
    versionMajor: 0,
    versionMinor: 9,
    serverProperties: serverProperties(model.rules),
    mechanisms: Buffer.from(mechanismNames),
    locales: Buffer.from('en_US'),
  };
}

/**
 * Answers `connection.start-ok`: who the client is.
 *
 * @throws AmqpError 403 for wrong credentials, 530 for an unknown mechanism
 */
export function authenticate(
  { model }: BrokerContext,
  fields: MethodFields<'connection.start-ok'>,
): Client {
  const { mechanism, response, clientProperties } = fields;
  const credentials = readCredentials(mechanism, Buffer.from(response));
  const user = credentials && model.access.authenticate(credentials.user, credentials.password);
  if (user !== undefined) return { user, properties: clientProperties };
  throw new AmqpError(
    403,
    `Login was refused using authentication mechanism ${mechanism}.`,
    'connection',
  );
}

/** The fields of `connection.tune`. */
export function tuneFields({ limits }: BrokerContext): MethodFields<'connection.tune'> {
  const { channelMax, frameMax, heartbeat } = limits;
  return { channelMax, frameMax, heartbeat };
}

/**
 * Checks what the client answered to `connection.tune`.
 *
 * @throws AmqpError 530 for more than was offered, or frames smaller than allowed
 */
export function negotiate(
  { limits, model }: BrokerContext,
  fields: MethodFields<'connection.tune-ok'>,
): Tuning {
  checkAgreed('frame_max', fields.frameMax, model.rules.minFrameMax, limits.frameMax);
  checkAgreed('channel_max', fields.channelMax, 1, limits.channelMax);
  const { channelMax, frameMax, heartbeat } = fields;
  return { channelMax, frameMax, heartbeat };
}

/** A bound of 0 is none, on both sides. */
function checkAgreed(name: string, value: number, least: number, most: number): void {
  if (value !== 0 && value < least) {
    throw new AmqpError(530, `negotiated ${name} = ${value} is lower than the minimum of ${least}`);
  }
  if (most !== 0 && (value === 0 || value > most)) {
    throw new AmqpError(530, `negotiated ${name} = ${value} is higher than the maximum of ${most}`);
  }
}

/**
 * Answers `connection.open`.
 *
 * @throws AmqpError 530 for a virtual host that is missing or closed to the user, or for too many connections
 */
export function openVhost(context: BrokerContext, client: Client, name: string): VirtualHost {
  const vhost = context.model.openVirtualHost(name, client.user);
  context.admit();
  return vhost;
}
