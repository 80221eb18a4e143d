import type { HeaderTable } from '../../message/message.ts';
import { ProtocolViolation } from './failures.ts';
import { takeHeaders } from './headers.ts';
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
 * read as a size above 1 GiB, Node would throw where nobody can catch it. And takes the headers out of a
 * content header, to read them exactly; gives a function that hands over those of the frame that was read last.
 */
export function guardFrames(source: FrameSource, largest: number): () => HeaderTable | undefined {
  const read = source.read.bind(source);
  let type: number | undefined;
  let headers: HeaderTable | undefined;
  const refuse = (violation: Error): null => {
    source.destroy(violation);
    return null;
  };
  source.read = (size) => {
    if (size !== undefined && size > largest) {
      const text = `the server sent a frame of ${size} bytes, where ${largest} are allowed`;
      return refuse(new ProtocolViolation(text));
    }
    const bytes = read(size);
    // Nothing until there is enough; less than asked for where the stream has ended.
    if (bytes === null || bytes.length !== size) return bytes;
    if (type === undefined && size === PREFIX) {
      type = bytes[0];
    } else {
      try {
        headers = type === FRAME.header ? takeHeaders(bytes) : undefined;
      } catch (error) {
        return refuse(error instanceof Error ? error : new ProtocolViolation(String(error)));
      }
      type = undefined;
    }
    return bytes;
  };
  return () => headers;
}
