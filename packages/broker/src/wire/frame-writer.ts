import { ByteWriter } from './byte-writer.ts';
import { FRAME_END, FRAME_OVERHEAD, frameType } from './frame-types.ts';
import { writeMethod } from './method-codec.ts';
import type { MethodFields, MethodName } from './methods.ts';

/** How much is allocated at a time. */
const SLAB_SIZE = 64 * 1024;

/** From this size on a body is sent from where it lies; below it, copying is cheaper than another piece. */
const BY_REFERENCE = 16 * 1024;

/** Collects the frames that are to be sent to one peer. */
export class FrameWriter {
  readonly #bytes = new ByteWriter(SLAB_SIZE);

  /** Bytes written and not taken. */
  get byteLength(): number {
    return this.#bytes.byteLength;
  }

  /** Hands over what was written. Pieces stay as they are, also when more is written afterwards. */
  take(): Buffer[] {
    return this.#bytes.take();
  }

  /**
   * Writes a method frame.
   *
   * @throws AmqpError 541 if a short string is longer than 255 bytes; nothing is written then
   */
  method<N extends MethodName>(channel: number, name: N, fields: MethodFields<N>): void {
    const bytes = this.#bytes;
    bytes.begin();
    try {
      bytes.octet(frameType.method);
      bytes.short(channel);
      const place = bytes.beginLength();
      writeMethod(bytes, name, fields);
      bytes.endLength(place);
      bytes.octet(FRAME_END);
    } catch (error) {
      bytes.rewind();
      throw error;
    }
  }

  /**
   * Writes the frames of a message, after the method that announced it: one for the header, and as many for the body as
   * it takes.
   *
   * @param frameMax the largest frame that the peer takes, in bytes; 0 is any
   * @param header payload of the header frame
   * @param body must not change any more
   */
  content(channel: number, frameMax: number, header: Uint8Array, body: Uint8Array): void {
    this.#frame(frameType.header, channel, header);
    const most = frameMax === 0 ? body.length : frameMax - FRAME_OVERHEAD;
    for (let from = 0; from < body.length; from += most) {
      this.#frame(frameType.body, channel, body.subarray(from, from + most));
    }
  }

  /** Writes a heartbeat frame. */
  heartbeat(): void {
    this.#frame(frameType.heartbeat, 0, new Uint8Array());
  }

  /** Writes bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.#bytes.begin();
    this.#bytes.bytes(bytes);
  }

  #frame(type: number, channel: number, payload: Uint8Array): void {
    const bytes = this.#bytes;
    bytes.begin();
    bytes.octet(type);
    bytes.short(channel);
    bytes.long(payload.length);
    if (payload.length < BY_REFERENCE) bytes.bytes(payload);
    else bytes.appendByReference(payload);
    bytes.octet(FRAME_END);
  }
}
