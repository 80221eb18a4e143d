/** The first octet of a frame, which says what it carries (AMQP 0-9-1, section 4.2.3). */
export const frameType = { method: 1, header: 2, body: 3, heartbeat: 8 } as const;

/** The last octet of every frame. */
export const FRAME_END = 0xce;

/** Octets of type, channel and size, which stand before the payload. */
export const FRAME_HEADER_SIZE = 7;

/** Octets of a frame besides its payload. */
export const FRAME_OVERHEAD: number = FRAME_HEADER_SIZE + 1;
