// Frames as bytes, also such as no broker sends: nothing is checked here.

/** Methods that a broker sends or gets: class and method id as one number. */
export const M = {
  start: 0x000a_000a,
  startOk: 0x000a_000b,
  secure: 0x000a_0014,
  tune: 0x000a_001e,
  open: 0x000a_0028,
  openOk: 0x000a_0029,
  close: 0x000a_0032,
  closeOk: 0x000a_0033,
  blocked: 0x000a_003c,
  unblocked: 0x000a_003d,
  channelOpen: 0x0014_000a,
  channelOpenOk: 0x0014_000b,
  channelFlow: 0x0014_0014,
  channelClose: 0x0014_0028,
  channelCloseOk: 0x0014_0029,
  queueDeclare: 0x0032_000a,
  queueDeclareOk: 0x0032_000b,
  qos: 0x003c_000a,
  qosOk: 0x003c_000b,
  consume: 0x003c_0014,
  consumeOk: 0x003c_0015,
  cancel: 0x003c_001e,
  cancelOk: 0x003c_001f,
  publish: 0x003c_0028,
  return: 0x003c_0032,
  deliver: 0x003c_003c,
  get: 0x003c_0046,
  getOk: 0x003c_0047,
  getEmpty: 0x003c_0048,
  ack: 0x003c_0050,
  nack: 0x003c_0078,
  confirmSelect: 0x0055_000a,
  confirmSelectOk: 0x0055_000b,
} as const;

/** What the client begins with, in place of a method. */
export const HEADER = 0;

export const u8 = (value: number): Buffer => Buffer.of(value);
export const u16 = (value: number): Buffer => uint(2, value);
export const u32 = (value: number): Buffer => uint(4, value);
export const u64 = (value: bigint): Buffer => {
  const out = Buffer.alloc(8);
  out.writeBigUInt64BE(value);
  return out;
};
export const short = (text: string | Buffer): Buffer =>
  Buffer.concat([u8(Buffer.byteLength(text)), Buffer.from(text)]);
export const long = (bytes: string | Buffer): Buffer =>
  Buffer.concat([u32(Buffer.byteLength(bytes)), Buffer.from(bytes)]);

/** A frame, whatever is in it. */
export function frame(type: number, channel: number, payload: Buffer, end = 0xce): Buffer {
  return Buffer.concat([u8(type), u16(channel), u32(payload.length), payload, u8(end)]);
}

/** A method with its fields as bytes. */
export function method(channel: number, id: number, ...fields: Buffer[]): Buffer {
  return frame(1, channel, Buffer.concat([u32(id), ...fields]));
}

/** A content header; `properties` begins with the flags. */
export function header(
  channel: number,
  size: bigint | number,
  properties: Buffer = u16(0),
): Buffer {
  return frame(2, channel, Buffer.concat([u16(60), u16(0), u64(BigInt(size)), properties]));
}

/** A content header with a table of headers, as bytes. */
export function headersOf(channel: number, size: number, table: Buffer): Buffer {
  return header(channel, size, Buffer.concat([u16(0x2000), long(table)]));
}

export const body = (channel: number, bytes: Buffer | string): Buffer =>
  frame(3, channel, Buffer.from(bytes));

export const heartbeat: Buffer = frame(8, 0, Buffer.alloc(0));

export const start = (table: Buffer = Buffer.alloc(0), mechanisms = 'PLAIN'): Buffer =>
  method(0, M.start, u8(0), u8(9), long(table), long(mechanisms), long('en_US'));

export const tune = (channelMax = 2047, frameMax = 131_072, beat = 10): Buffer =>
  method(0, M.tune, u16(channelMax), u32(frameMax), u16(beat));

export const openOk: Buffer = method(0, M.openOk, short(''));

/** `connection.close` or `channel.close`. */
export const closing = (channel: number, code: number, blamed = 0): Buffer =>
  method(channel, channel === 0 ? M.close : M.channelClose, u16(code), short('no'), u32(blamed));

export const deliver = (channel: number, tag: string, deliveryTag = 1n): Buffer =>
  method(channel, M.deliver, short(tag), u64(deliveryTag), u8(0), short(''), short('key'));

/** A whole delivery with a small body. */
export const delivery = (channel: number, tag: string, deliveryTag = 1n, text = 'hello'): Buffer =>
  Buffer.concat([
    deliver(channel, tag, deliveryTag),
    header(channel, text.length),
    body(channel, text),
  ]);

export const settled = (channel: number, id: number, tag: bigint, multiple = 0): Buffer =>
  method(channel, id, u64(tag), u8(multiple));

function uint(size: number, value: number): Buffer {
  const out = Buffer.alloc(size);
  out.writeUIntBE(value, 0, size);
  return out;
}
