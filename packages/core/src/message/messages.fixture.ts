import type { WireDelivery, WireMessage, WireReturn } from './message.ts';
import { toWire } from './wire.ts';

/** A message on its way out, of `size` bytes. */
export function wireMessage(messageId: string, size = 1): WireMessage {
  return toWire({ body: new Uint8Array(size), messageId }, 'events', 'key', true);
}

/** A message of that many bytes for nobody. */
export function nowhere(size = 5): WireMessage {
  return toWire({ body: new Uint8Array(size), deliveryMode: 1 }, '', 'nowhere', false);
}

/** A message on its way in. */
export function wireDelivery(deliveryTag: number, more: Partial<WireDelivery> = {}): WireDelivery {
  return {
    consumerTag: 'ctag',
    deliveryTag,
    redelivered: false,
    exchange: 'events',
    routingKey: 'key',
    body: new Uint8Array([1, 2, 3]),
    ...more,
  };
}

/** A message that came back. */
export function wireReturn(messageId: string): WireReturn {
  return {
    replyCode: 312,
    replyText: 'NO_ROUTE',
    exchange: 'events',
    routingKey: 'key',
    body: new Uint8Array([1]),
    messageId,
  };
}
