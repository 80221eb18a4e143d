import * as client from 'rabbitmq-client/lib/codec.js';
import { TestkitError } from '../errors.ts';
import { decodeExtra, type ExtraMethod, encodeExtra, extraMethods } from './extra-methods.ts';
import { encodeFrame, type Frame, frameType, methodFrame } from './frames.ts';
import type { Method, ReceivedProperties } from './methods.ts';
import { type Arguments, encodeTable } from './values.ts';

/** What the codec of rabbitmq-client 5.0.8 exports without declaring it. */
interface ClientCodec {
  readonly Cmd: Readonly<Record<string, number | string>>;
  encodeFrame(frame: {
    readonly type: number;
    readonly channelId: number;
    readonly methodId: number;
    readonly params: object;
  }): Buffer;
  decodeFrame(read: (bytes: number) => Promise<Buffer>): Promise<Decoded>;
}

interface Decoded {
  readonly methodId: number;
  readonly params: object;
  readonly fields: ReceivedProperties;
}

// The declarations of the pinned version leave these functions out; the tests beside this file hold them to it.
const { Cmd, encodeFrame: encodeMethodFrame, decodeFrame } = client as unknown as ClientCodec;

const idByName = new Map(
  Object.entries(Cmd).flatMap(([key, id]) =>
    typeof id === 'number' ? [[specName(key), id] as const] : [],
  ),
);
const nameById = new Map([...idByName].map(([name, id]) => [id, name]));
const extraByName = new Map(extraMethods.map((extra) => [extra.name, extra]));
const extraById = new Map(extraMethods.map((extra) => [extra.id, extra]));

/** Fields of any method. */
interface Fields {
  readonly arguments?: Arguments;
}

/**
 * A method as a frame.
 *
 * @throws TestkitError for a method that neither table has.
 */
export function encodeMethod(channel: number, method: Method, fields: object): Buffer {
  const extra = extraByName.get(method);
  if (extra) return extraFrame(channel, extra, fields);
  const { arguments: table, ...params }: Fields = fields;
  const frame = encodeMethodFrame({
    type: frameType.method,
    channelId: channel,
    methodId: idOf(method),
    params,
  });
  if (table === undefined) return frame;
  // Arguments are the last field of every method that has them: the codec wrote an empty table there.
  const payload = frame.subarray(7, -5);
  return encodeFrame(frameType.method, channel, Buffer.concat([payload, encodeTable(table)]));
}

/** What is in a method frame: undefined for a method that neither table has. */
export async function decodeMethod(
  frame: Frame,
): Promise<{ readonly method: string; readonly fields: object } | undefined> {
  const id = frame.payload.readUInt32BE(0);
  const extra = extraById.get(id);
  if (extra) return { method: extra.name, fields: decodeExtra(extra, frame.payload.subarray(4)) };
  const method = nameById.get(id);
  if (method === undefined) return undefined;
  return { method, fields: (await decode(frame)).params };
}

/** The properties in a content header. */
export async function decodeProperties(frame: Frame): Promise<ReceivedProperties> {
  return (await decode(frame)).fields;
}

/** The number of a method: class times 65536 plus method. */
export function idOf(method: Method): number {
  const id = extraByName.get(method)?.id ?? idByName.get(method);
  if (id === undefined) throw new TestkitError(`no table has the method ${method}`);
  return id;
}

/** The name of a method by its number, or that number as `class.method`. */
export function nameOf(id: number): string {
  const known = nameById.get(id) ?? extraById.get(id)?.name;
  return known ?? `${Math.floor(id / 0x10000)}.${id % 0x10000}`;
}

function extraFrame(channel: number, extra: ExtraMethod, fields: object): Buffer {
  const { id } = extra;
  return methodFrame(channel, Math.floor(id / 0x10000), id % 0x10000, encodeExtra(extra, fields));
}

async function decode({ type, channel, payload }: Frame): Promise<Decoded> {
  const bytes = encodeFrame(type, channel, payload);
  let offset = 0;
  return await decodeFrame((count) => {
    offset += count;
    return Promise.resolve(bytes.subarray(offset - count, offset));
  });
}

/** `QueueDeclareOK` of the client is `queue.declare-ok` of the specification. */
function specName(key: string): string {
  const [group, ...rest] = key.match(/OK|[A-Z][a-z]+/g) ?? [];
  return `${group}.${rest.join('-')}`.toLowerCase();
}
