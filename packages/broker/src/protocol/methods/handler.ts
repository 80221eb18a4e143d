import type { MethodFields, MethodName } from '../../wire/methods.ts';
import type { Channel } from '../channel.ts';

/** What a channel does for some of the methods that a client sends. They throw AmqpError for what is refused. */
export type Handlers<Names extends MethodName> = {
  readonly [N in Names]: (channel: Channel, fields: MethodFields<N>) => void;
};

/** Answers a method, unless the client asked for no answer. */
export function reply<N extends MethodName>(
  channel: Channel,
  request: { readonly noWait: boolean },
  name: N,
  fields: MethodFields<N>,
): void {
  if (!request.noWait) channel.link.send(name, fields);
}
