import { AmqpError } from '../base/amqp-error.ts';

/** The first octet of a frame, which says what it carries (AMQP 0-9-1, section 4.2.3). */
export const frameType = { method: 1, header: 2, body: 3, heartbeat: 8 } as const;

/** The last octet of every frame. */
export const FRAME_END = 0xce;

/** Octets of type, channel and size, which stand before the payload. */
export const FRAME_HEADER_SIZE = 7;

/** Octets of a frame besides its payload. */
export const FRAME_OVERHEAD: number = FRAME_HEADER_SIZE + 1;

const known: ReadonlySet<number> = new Set(Object.values(frameType));

/** @throws AmqpError 501 for a type that frames do not have */
export function checkFrameType(type: number): void {
  if (!known.has(type)) throw new AmqpError(501, `unknown frame type ${type}`);
}
