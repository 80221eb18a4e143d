import { ByteReader, viewOf } from './byte-reader.ts';
import { type ContentHeader, readContentHeader } from './content-header.ts';
import { ProtocolViolation } from './failures.ts';
import { type Method, readMethod } from './methods.ts';
import { Pieces } from './pieces.ts';
import { FRAME, FRAME_END, FRAME_PREFIX, LARGEST_HEADER } from './protocol.ts';

/** Where frames go, one after another. What it throws ends the reading. */
export interface FrameSink {
  method(channel: number, method: Method): void;
  header(channel: number, header: ContentHeader): void;
  body(channel: number, payload: Buffer): void;
}

/**
 * Reads frames out of what a socket delivers, however it is split. Throws a `ProtocolViolation` over what is no AMQP, or larger
 * than agreed. It holds one frame at most.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #frameMax: number;
  /** The beginning of a frame. */
  readonly #kept = new Pieces();
  /** With so many bytes it can go on. */
  #needed = 0;

  constructor(sink: FrameSink, frameMax: number) {
    this.#sink = sink;
    this.#frameMax = frameMax;
  }

  /** Takes the next piece. Gives whether a frame came to its end in it. */
  take(piece: Buffer): boolean {
    const bytes = this.#joined(piece);
    if (!bytes) return false;
    const view = viewOf(bytes);
    let at = 0;
    for (;;) {
      const end = this.#endOf(view, at);
      if (end > bytes.length) break;
      this.#frame(bytes, view, at, end - 1);
      at = end;
    }
    this.#needed -= at;
    if (at < bytes.length) this.#kept.add(bytes.subarray(at));
    return at > 0;
  }

  /** What was kept and the piece, once that is enough to go on. */
  #joined(piece: Buffer): Buffer | undefined {
    if (this.#kept.size === 0) return piece;
    this.#kept.add(piece);
    return this.#kept.size < this.#needed ? undefined : this.#kept.take();
  }

  /** Where the frame that starts at `at` ends, or its prefix as long as that is not there. */
  #endOf(view: DataView, at: number): number {
    const start = at + FRAME_PREFIX;
    if (start > view.byteLength) return this.#wants(start);
    const size = view.getUint32(at + 3);
    const isHeader = view.getUint8(at) === FRAME.header;
    const most = (isHeader ? Math.max(this.#frameMax, LARGEST_HEADER) : this.#frameMax) - 1;
    if (size > most)
      throw new ProtocolViolation(
        `the server sent a frame of ${size} bytes, where ${most} are allowed`,
      );
    return this.#wants(start + size + 1);
  }

  #wants(bytes: number): number {
    this.#needed = bytes;
    return bytes;
  }

  /** Reads the frame that starts at `at`, and whose last byte stands at `last`. */
  #frame(bytes: Buffer, view: DataView, at: number, last: number): void {
    if (bytes[last] !== FRAME_END)
      throw new ProtocolViolation(`the server sent a frame that ends with ${bytes[last]}`);
    const channel = view.getUint16(at + 1);
    const start = at + FRAME_PREFIX;
    switch (bytes[at]) {
      case FRAME.method:
        return this.#sink.method(channel, readMethod(new ByteReader(bytes, view, start, last)));
      case FRAME.header:
        return this.#sink.header(
          channel,
          readContentHeader(new ByteReader(bytes, view, start, last)),
        );
      case FRAME.body:
        return this.#sink.body(channel, bytes.subarray(start, last));
      case FRAME.heartbeat:
        return;
      default:
        throw new ProtocolViolation(`the server sent a frame of the type ${bytes[at]}`);
    }
  }
}
