import { AmqpError } from '../../base/amqp-error.ts';
import type { Method, MethodFields, MethodName } from '../../wire/methods.ts';
import type { Channel } from '../channel.ts';
import { basicHandlers } from './basic.ts';
import { exchangeHandlers } from './exchange.ts';
import type { Handlers } from './handler.ts';
import { modeHandlers } from './modes.ts';
import { queueHandlers } from './queue.ts';

const handlers = { ...basicHandlers, ...exchangeHandlers, ...modeHandlers, ...queueHandlers };

type ChannelMethodName = keyof typeof handlers;
type ChannelMethod = Extract<Method, { readonly name: ChannelMethodName }>;

const names: ReadonlySet<MethodName> = new Set(Object.keys(handlers).filter(isHandled));

function isHandled(name: string): name is ChannelMethodName {
  return Object.hasOwn(handlers, name);
}

function isChannelMethod(method: Method): method is ChannelMethod {
  return names.has(method.name);
}

/**
 * Performs a method on an open channel.
 *
 * @throws AmqpError for what is refused; 503 for a method that only brokers send
 */
export function perform(channel: Channel, method: Method): void {
  if (!isChannelMethod(method)) throw new AmqpError(503, `unimplemented method ${method.name}`);
  call(handlers, channel, method.name, method.fields);
}

function call<N extends ChannelMethodName>(
  table: Handlers<ChannelMethodName>,
  channel: Channel,
  name: N,
  fields: MethodFields<N>,
): void {
  table[name](channel, fields);
}
