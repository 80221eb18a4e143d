import { ProtocolViolation } from './failures.ts';
import { tameHeaders } from './headers.ts';
import { FRAME } from './protocol.ts';

/** What frames are read from: a socket. */
export interface FrameSource {
  read(size?: number): Buffer | null;
  destroy(error: Error): unknown;
}

/** Bytes before the payload of a frame: type, channel, size. */
const PREFIX = 7;

/**
 * Stands between the driver and its socket. The driver reads each frame in two: its first seven bytes, then
 * the payload with the closing byte.
 *
 * Lets go of a peer that announces a frame larger than agreed: it does not speak AMQP, and where its bytes
 * read as a size above 1 GiB, Node would throw where nobody can catch it. And replaces headers that the
 * driver would run out of stack over, or take for something else.
 */
export function guardFrames(source: FrameSource, largest: number): void {
  const read = source.read.bind(source);
  let type: number | undefined;
  source.read = (size) => {
    if (size !== undefined && size > largest) {
      const text = `the server sent a frame of ${size} bytes, where ${largest} are allowed`;
      source.destroy(new ProtocolViolation(text));
      return null;
    }
    const bytes = read(size);
    // Nothing until there is enough; less than asked for where the stream has ended.
    if (bytes === null || bytes.length !== size) return bytes;
    if (type === undefined && size === PREFIX) {
      type = bytes[0];
    } else {
      if (type === FRAME.header) tameHeaders(bytes);
      type = undefined;
    }
    return bytes;
  };
}
