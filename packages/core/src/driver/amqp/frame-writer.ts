import type { WireMessage } from '../../message/message.ts';
import { headSize, writeHead } from './content.ts';
import { AROUND_PAYLOAD, FRAME, FRAME_END, FRAME_PREFIX } from './protocol.ts';
import { encodeTable } from './table.ts';
import { writePrefix } from './write.ts';

/** What frames are written to: a socket. */
export interface FrameTarget {
  readonly writable: boolean;
  write(bytes: Uint8Array): unknown;
  cork(): void;
  uncork(): void;
}

/** Bytes that are merged at most: above it a system call is cheap beside the bytes. */
const MERGED = 8192;

/** Bytes that are set aside at a time to write frames to. */
const CHUNK = 16_384;

/** Bodies up to this size go out in one piece with what announces them. */
const TOGETHER = 4096;

const NOTHING = Buffer.alloc(0);

/**
 * Writes frames, merged until the end of the turn: one system call and packet for many of them. A long turn is not held back as a
 * whole: the broker works on the first of it while the rest is written.
 */
export class FrameWriter {
  readonly #target: FrameTarget;
  readonly #lastInTurn: (fn: () => void) => void;
  readonly #flush = (): void => this.flush();
  /** Where frames are written: what was sent, then what waits, then what is free. */
  #bytes: Buffer = NOTHING;
  #sent = 0;
  #end = 0;

  constructor(target: FrameTarget, lastInTurn: (fn: () => void) => void) {
    this.#target = target;
    this.#lastInTurn = lastInTurn;
  }

  /** Sends a frame. */
  frame(frame: Buffer): void {
    const size = frame.length;
    const at = this.#reserve(size);
    this.#written(at + frame.copy(this.#bytes, at));
  }

  /** Sends the frames of a checked message. */
  message(channel: number, message: WireMessage, frameMax: number): void {
    const { body } = message;
    const { byteLength } = body;
    const most = frameMax - AROUND_PAYLOAD;
    const isTogether = byteLength <= Math.min(TOGETHER, most);
    // Apart, before there is anything to disturb: the headers are an object of whoever publishes.
    const headers = message.headers && encodeTable(message.headers);
    const size = headSize(message, headers) + (isTogether ? byteLength + AROUND_PAYLOAD : 0);
    if (!Number.isInteger(size)) throw new TypeError('a property of the message is no text');
    const start = this.#reserve(size);
    let at = writeHead(this.#bytes, start, channel, message, headers, most);
    if (!isTogether) return this.#large(channel, body, at, most);
    if (byteLength > 0) {
      at = writePrefix(this.#bytes, at, FRAME.body, channel, byteLength);
      this.#bytes.set(body, at);
      at += byteLength;
      this.#bytes[at++] = FRAME_END;
    }
    this.#written(at);
  }

  /** Hands what waits to the socket. */
  flush(): void {
    const { writable } = this.#target;
    if (this.#end > this.#sent && writable)
      this.#target.write(this.#bytes.subarray(this.#sent, this.#end));
    this.#sent = this.#end;
  }

  /** A body in as many frames as it takes, after the head that ends at `at`. */
  #large(channel: number, body: Uint8Array, at: number, most: number): void {
    this.#written(at);
    this.#target.cork();
    this.flush();
    for (let start = 0; start < body.byteLength; start += most) {
      const size = Math.min(most, body.byteLength - start);
      // Copied, since it may wait in the socket for longer than whoever published it does.
      const bytes = Buffer.allocUnsafe(size + AROUND_PAYLOAD);
      bytes.set(
        body.subarray(start, start + size),
        writePrefix(bytes, 0, FRAME.body, channel, size),
      );
      bytes[size + FRAME_PREFIX] = FRAME_END;
      if (this.#target.writable) this.#target.write(bytes);
    }
    this.#target.uncork();
  }

  /** Makes room; gives where it starts. */
  #reserve(size: number): number {
    if (this.#end + size > this.#bytes.length) {
      this.flush();
      this.#bytes = Buffer.allocUnsafeSlow(Math.max(CHUNK, size));
      this.#sent = 0;
      this.#end = 0;
    }
    return this.#end;
  }

  /** Frames were written up to `end`. */
  #written(end: number): void {
    if (this.#end === this.#sent) this.#lastInTurn(this.#flush);
    this.#end = end;
    if (end - this.#sent >= MERGED) this.flush();
  }
}
