import { type Field, type Table, text } from '../base/field.ts';
import type { ProfileRules } from '../base/profile.ts';

/** What RabbitMQ can do beyond AMQP 0-9-1 (https://www.rabbitmq.com/docs/extensions), as it tells its clients. */
const capabilities = [
  'publisher_confirms',
  'exchange_exchange_bindings',
  'basic.nack',
  'consumer_cancel_notify',
  'connection.blocked',
  'consumer_priorities',
  'authentication_failure_close',
  'per_consumer_qos',
  'direct_reply_to',
] as const;

const yes: Field = { type: 't', value: true };

/** The properties of `connection.start`: a RabbitMQ of the profile's version, and what it really is. */
export function serverProperties(rules: ProfileRules): Table {
  return new Map<string, Field>([
    ['capabilities', { type: 'F', value: new Map(capabilities.map((name) => [name, yes])) }],
    ['cluster_name', text('leveret@localhost')],
    ['copyright', text('Leveret contributors')],
    ['information', text('Embedded broker of Leveret, for tests and development')],
    ['platform', text(`Node.js ${process.versions.node}`)],
    ['product', text('RabbitMQ')],
    ['version', text(rules.version)],
  ]);
}
