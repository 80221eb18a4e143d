import { TestkitError } from '../errors.ts';

/** What a frame may be of. */
export const frameType = { method: 1, header: 2, body: 3, heartbeat: 8 } as const;

/** The last octet of every frame. */
const FRAME_END = 0xce;

/** What a frame takes besides its payload: type, channel and length in front, one octet behind. */
const FRAME_OVERHEAD = 8;

/** The first bytes of a client: AMQP 0-9-1. Brokers answer other ones with the same. */
export const PROTOCOL_HEADER: Buffer = Buffer.from('AMQP\x00\x00\x09\x01', 'latin1');

/** One frame, its payload not looked into. */
export interface Frame {
  readonly type: number;
  readonly channel: number;
  readonly payload: Buffer;
}

/** The bytes of a frame; `end` for those that must end wrongly. */
export function encodeFrame(
  type: number,
  channel: number,
  payload: Uint8Array,
  end: number = FRAME_END,
): Buffer {
  const head = Buffer.alloc(7);
  head.writeUInt8(type, 0);
  head.writeUInt16BE(channel, 1);
  head.writeUInt32BE(payload.length, 3);
  return Buffer.concat([head, payload, Buffer.of(end)]);
}

/** The bytes of a method frame, for methods and arguments that no codec would encode. */
export function methodFrame(
  channel: number,
  classId: number,
  methodId: number,
  payload: Uint8Array = Buffer.of(),
): Buffer {
  const ids = Buffer.alloc(4);
  ids.writeUInt16BE(classId, 0);
  ids.writeUInt16BE(methodId, 2);
  return encodeFrame(frameType.method, channel, Buffer.concat([ids, payload]));
}

/** The bytes of a content header; `bodySize` need not be true, and the properties start with their flags. */
export function headerFrame(channel: number, bodySize: number, properties: Uint8Array): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(60, 0);
  head.writeBigUInt64BE(BigInt(bodySize), 4);
  return encodeFrame(frameType.header, channel, Buffer.concat([head, properties]));
}

/** The frames of a body, each within `frameMax`; 0 stands for no limit. An empty body has none. */
export function bodyFrames(channel: number, body: Uint8Array, frameMax: number): Buffer[] {
  const size = frameMax === 0 ? body.length : frameMax - FRAME_OVERHEAD;
  const frames: Buffer[] = [];
  for (let from = 0; from < body.length; from += size)
    frames.push(encodeFrame(frameType.body, channel, body.subarray(from, from + size)));
  return frames;
}

/** Cuts what arrives into frames, however it is split. */
export class FrameReader {
  #rest: Buffer = Buffer.of();

  /**
   * The frames that `chunk` completes. A protocol header, which a broker may send instead of any frame, comes as a frame
   * of type 65 (the letter A) whose payload is all of its eight bytes.
   *
   * @throws TestkitError at a frame that does not end as frames do.
   */
  *push(chunk: Uint8Array): Generator<Frame> {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (let frame = this.#take(); frame; frame = this.#take()) yield frame;
  }

  #take(): Frame | undefined {
    if (this.#rest.length < FRAME_OVERHEAD) return undefined;
    const type = this.#rest.readUInt8(0);
    if (type === PROTOCOL_HEADER[0]) return { type, channel: 0, payload: this.#shift(8) };
    const length = FRAME_OVERHEAD + this.#rest.readUInt32BE(3);
    if (this.#rest.length < length) return undefined;
    const frame = this.#shift(length);
    if (frame.at(-1) !== FRAME_END) throw new TestkitError('a frame from the broker ends wrongly');
    return { type, channel: frame.readUInt16BE(1), payload: frame.subarray(7, -1) };
  }

  #shift(length: number): Buffer {
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }
}
