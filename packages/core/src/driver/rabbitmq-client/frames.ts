import type { HeaderTable } from '../../message/message.ts';
import { ProtocolViolation } from './failures.ts';
import { takeHeaders } from './headers.ts';
import { FRAME, FRAME_PREFIX, LARGEST_HEADER } from './protocol.ts';

/** What frames are read from: a socket. */
export interface FrameSource {
  read(size?: number): Buffer | null;
  destroy(error: Error): unknown;
}

/**
 * Stands between the driver and its socket. The driver reads each frame in two: its first seven bytes, then
 * the payload with the closing byte.
 *
 * Lets go of a peer that announces a frame larger than agreed: it does not speak AMQP, and where its bytes
 * read as a size above 1 GiB, Node would throw where nobody can catch it. And takes the headers out of a
 * content header, to read them exactly; gives a function that hands over those of the frame that was read last.
 */
export function guardFrames(source: FrameSource, largest: number): () => HeaderTable | undefined {
  const read = source.read.bind(source);
  let type: number | undefined;
  let headers: HeaderTable | undefined;
  const refuse = (violation: ProtocolViolation): null => {
    source.destroy(violation);
    return null;
  };
  const payload = (bytes: Buffer): Buffer | null => {
    const isHeader = type === FRAME.header;
    type = undefined;
    try {
      headers = isHeader ? takeHeaders(bytes) : undefined;
      return bytes;
    } catch (error) {
      if (error instanceof ProtocolViolation) return refuse(error);
      throw error;
    }
  };
  source.read = (size) => {
    const allowed = type === FRAME.header ? Math.max(largest, LARGEST_HEADER) : largest;
    if (size !== undefined && size > allowed)
      return refuse(
        new ProtocolViolation(
          `the server sent a frame of ${size} bytes, where ${allowed} are allowed`,
        ),
      );
    const bytes = read(size);
    // Nothing until there is enough; less than asked for where the stream has ended.
    if (bytes === null || bytes.length !== size) return bytes;
    if (type !== undefined || size !== FRAME_PREFIX) return payload(bytes);
    type = bytes[0];
    return bytes;
  };
  return () => headers;
}
