import { decodeMethod, decodeProperties } from './codec.ts';
import { type Frame, frameType } from './frames.ts';
import type { Arrived, ReceivedProperties } from './methods.ts';

/** A frame that is neither a known method nor part of a message in its place. */
interface OddFrame {
  readonly method: 'odd frame';
  readonly frame: Frame;
}

/** What arrives on a channel. */
export type Arrival = Arrived | OddFrame;

const withContent: ReadonlySet<string> = new Set(['basic.return', 'basic.deliver', 'basic.get-ok']);

/** The message that is arriving. */
interface Incoming {
  readonly method: string;
  readonly fields: object;
  header?: { readonly size: number; readonly raw: Buffer; readonly properties: ReceivedProperties };
  readonly body: Buffer[];
}

/** Puts the frames of one channel together: methods, with their messages where they carry one. */
export class Assembly {
  #partial: Incoming | undefined;

  /** What the frame completes, if it does. */
  async add(frame: Frame): Promise<Arrival | undefined> {
    switch (frame.type) {
      case frameType.method:
        return await this.#method(frame);
      case frameType.header:
        return await this.#header(frame);
      case frameType.body:
        return this.#body(frame);
      default:
        return odd(frame);
    }
  }

  async #method(frame: Frame): Promise<Arrival | undefined> {
    const decoded = await decodeMethod(frame);
    if (decoded === undefined || this.#partial !== undefined) return odd(frame);
    const { method, fields } = decoded;
    if (!withContent.has(method)) return arrived({ ...fields, method });
    this.#partial = { method, fields, body: [] };
    return undefined;
  }

  async #header(frame: Frame): Promise<Arrival | undefined> {
    const partial = this.#partial;
    if (partial === undefined || partial.header !== undefined) return odd(frame);
    partial.header = {
      size: Number(frame.payload.readBigUInt64BE(4)),
      raw: frame.payload.subarray(12),
      properties: await decodeProperties(frame),
    };
    return this.#completed(partial);
  }

  #body(frame: Frame): Arrival | undefined {
    const partial = this.#partial;
    if (partial?.header === undefined) return odd(frame);
    partial.body.push(frame.payload);
    return this.#completed(partial);
  }

  #completed({ method, fields, header, body }: Incoming): Arrival | undefined {
    const bytes = Buffer.concat(body);
    if (header === undefined || bytes.length < header.size) return undefined;
    this.#partial = undefined;
    return arrived({
      ...fields,
      method,
      properties: header.properties,
      rawProperties: header.raw,
      body: bytes,
      text: bytes.toString(),
      bodyFrames: body.map((piece) => piece.length),
    });
  }
}

function odd(frame: Frame): OddFrame {
  return { method: 'odd frame', frame };
}

function arrived(method: object): Arrived {
  // The fields come from the tables that `Methods` declares.
  return method as Arrived;
}
