import { AmqpError } from '../base/amqp-error.ts';
import { FRAME_END, FRAME_HEADER_SIZE, FRAME_OVERHEAD } from './frame-types.ts';

/**
 * Takes a frame.
 *
 * @param payload a view of what was received: copy what is to be kept, so that it does not keep all the rest
 */
export type OnFrame = (type: number, channel: number, payload: Buffer) => void;

const nothing = Buffer.alloc(0);

/**
 * Cuts a stream of bytes into frames (AMQP 0-9-1, section 4.2.3), whatever the chunks that it comes in. It knows nothing
 * of types and channels. Frames that lie in one chunk are not copied; of a frame that does not, no more than twice of
 * what has arrived is held in memory, whatever size it announces.
 */
export class FrameReader {
  /**
   * The largest payload that is taken, in bytes; 0 is any. Though the size agreed on with the peer is that of a whole
   * frame, RabbitMQ 3.10 lets payloads be as large: so this is `frame-max`, and frames may exceed it by 8 bytes.
   */
  frameMax: number;
  /** What has arrived of a frame that was cut. */
  #partial: Buffer = nothing;
  #length = 0;
  /** Size of that frame, or of its header as long as that is not there. */
  #wanted = FRAME_HEADER_SIZE;

  /** @param frameMax see `frameMax` */
  constructor(frameMax: number) {
    this.frameMax = frameMax;
  }

  /**
   * Takes the next bytes of the stream, and calls `onFrame` with each frame that they complete, in order. After an
   * error, also one of `onFrame`, the reader is of no more use.
   *
   * @throws AmqpError 501 if a frame is too large, as soon as its header is there, or does not end as it should
   */
  push(chunk: Buffer, onFrame: OnFrame): void {
    let at = 0;
    while (this.#length > 0 && at < chunk.length) at = this.#complete(chunk, at, onFrame);
    while (at + FRAME_HEADER_SIZE <= chunk.length) {
      const end = at + this.#frameSize(chunk, at);
      if (end > chunk.length) break;
      emit(chunk, at, end, onFrame);
      at = end;
    }
    if (at < chunk.length) this.#collect(chunk, at, chunk.length);
  }

  /** Adds to the frame that was cut as much as it lacks, and returns where the rest of the chunk begins. */
  #complete(chunk: Buffer, at: number, onFrame: OnFrame): number {
    const end = Math.min(chunk.length, at + this.#wanted - this.#length);
    this.#collect(chunk, at, end);
    if (this.#length === this.#wanted) {
      const frame = this.#partial;
      this.#partial = nothing;
      this.#length = 0;
      emit(frame, 0, this.#wanted, onFrame);
    }
    return end;
  }

  /** Keeps a part of a frame. */
  #collect(chunk: Buffer, from: number, to: number): void {
    const length = this.#length + to - from;
    if (length > this.#partial.length) {
      const larger = Buffer.allocUnsafe(2 * length);
      this.#partial.copy(larger, 0, 0, this.#length);
      this.#partial = larger;
    }
    chunk.copy(this.#partial, this.#length, from, to);
    this.#length = length;
    const known = length >= FRAME_HEADER_SIZE;
    this.#wanted = known ? this.#frameSize(this.#partial, 0) : FRAME_HEADER_SIZE;
  }

  /** The size of the frame whose header stands at `at`. */
  #frameSize(bytes: Buffer, at: number): number {
    const size = bytes.readUInt32BE(at + 3);
    if (this.frameMax !== 0 && size > this.frameMax) {
      throw new AmqpError(501, `a frame of ${size} bytes, where ${this.frameMax} is the most`);
    }
    return size + FRAME_OVERHEAD;
  }
}

/** Hands over the frame from `at` to `end`. */
function emit(bytes: Buffer, at: number, end: number, onFrame: OnFrame): void {
  const marker = bytes[end - 1];
  if (marker !== FRAME_END) throw new AmqpError(501, `a frame ends with ${marker}`);
  const type = bytes[at] ?? 0;
  onFrame(type, bytes.readUInt16BE(at + 1), bytes.subarray(at + FRAME_HEADER_SIZE, end - 1));
}
