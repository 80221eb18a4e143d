import type { Channel } from '../channel.ts';
import { type Handlers, reply } from './handler.ts';

type ExchangeMethods = 'exchange.declare' | 'exchange.delete' | 'exchange.bind' | 'exchange.unbind';

/** The methods of class `exchange`. */
export const exchangeHandlers: Handlers<ExchangeMethods> = {
  'exchange.declare': (channel, fields) => {
    const { vhost, authorize } = channel.session;
    const { exchange: name, passive, noWait: _, ...declaration } = fields;
    if (passive) vhost.checkExchange(name);
    else vhost.declareExchange({ name, ...declaration }, authorize);
    reply(channel, fields, 'exchange.declare-ok', {});
  },

  'exchange.delete': (channel, fields) => {
    const { session } = channel;
    session.authorize('configure', fields.exchange);
    session.vhost.deleteExchange(fields.exchange, fields.ifUnused);
    reply(channel, fields, 'exchange.delete-ok', {});
  },

  'exchange.bind': (channel, fields) => {
    authorizeBinding(channel, fields);
    const { destination, source, routingKey, arguments: args } = fields;
    channel.session.vhost.bindExchange(destination, source, routingKey, args);
    reply(channel, fields, 'exchange.bind-ok', {});
  },

  'exchange.unbind': (channel, fields) => {
    authorizeBinding(channel, fields);
    const { destination, source, routingKey, arguments: args } = fields;
    channel.session.vhost.unbindExchange(destination, source, routingKey, args);
    reply(channel, fields, 'exchange.unbind-ok', {});
  },
};

function authorizeBinding(
  { session }: Channel,
  fields: { readonly destination: string; readonly source: string },
): void {
  session.authorize('write', fields.destination);
  session.authorize('read', fields.source);
}
