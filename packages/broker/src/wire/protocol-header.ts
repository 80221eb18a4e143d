/** What a client begins with: `AMQP`, 0, and the version 0-9-1 (section 4.2.2). A broker that wants another answers it. */
export const protocolHeader: Buffer = Buffer.from('AMQP\u0000\u0000\u0009\u0001', 'latin1');

/** What clients of AMQP 0-9 begin with. RabbitMQ serves them as clients of 0-9-1. */
const protocolHeader09 = Buffer.from('AMQP\u0001\u0001\u0000\u0009', 'latin1');

/** What a client began with. */
export type Greeting =
  /** Fewer than 8 bytes are there, and they may become anything. */
  | { readonly kind: 'incomplete' }
  /** @param rest what came after the header */
  | { readonly kind: 'accepted'; readonly rest: Buffer }
  /** Another protocol: answer with `protocolHeader` and close, as RabbitMQ does. */
  | { readonly kind: 'refused' };

/**
 * Reads the first bytes of a connection. RabbitMQ 3.10 decides when eight of them are there, whatever they are.
 *
 * @param received all that has come so far
 */
export function readProtocolHeader(received: Buffer): Greeting {
  const size = protocolHeader.length;
  if (received.length < size) return { kind: 'incomplete' };
  const header = received.subarray(0, size);
  const accepted = header.equals(protocolHeader) || header.equals(protocolHeader09);
  return accepted ? { kind: 'accepted', rest: received.subarray(size) } : { kind: 'refused' };
}
