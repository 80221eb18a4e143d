/** What a client begins with: `AMQP`, 0, and the version 0-9-1 (section 4.2.2). A broker that wants another answers it. */
export const protocolHeader: Buffer = Buffer.from('AMQP\u0000\u0000\u0009\u0001', 'latin1');

/** What clients of AMQP 0-9 begin with. RabbitMQ serves them as clients of 0-9-1. */
const protocolHeader09 = Buffer.from('AMQP\u0001\u0001\u0000\u0009', 'latin1');

/** What RabbitMQ answers from 4.0 on where it takes a client for none of AMQP 0-9: AMQP 1.0 with SASL. */
export const protocolHeader10: Buffer = Buffer.from('AMQP\u0003\u0001\u0000\u0000', 'latin1');

/** Whether a client wants some revision of AMQP 0-9. */
export function isAmqp09(received: Buffer): boolean {
  const fixed = 7;
  return received.subarray(0, fixed).equals(protocolHeader.subarray(0, fixed));
}

/** What a client began with. */
export type Greeting =
  /** Fewer than 8 bytes are there, and they may become anything. */
  | { readonly kind: 'incomplete' }
  /** @param rest what came after the header */
  | { readonly kind: 'accepted'; readonly rest: Buffer }
  /** Another protocol: answer with the header of one that is spoken, and close. */
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
