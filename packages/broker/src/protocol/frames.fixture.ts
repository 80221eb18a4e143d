import type { Properties } from '../base/properties.ts';
import { decodeBodySize, decodeProperties, encodeContentHeader } from '../wire/content.ts';
import { FrameReader } from '../wire/frame-reader.ts';
import { frameType } from '../wire/frame-types.ts';
import { FrameWriter } from '../wire/frame-writer.ts';
import { decodeMethod } from '../wire/method-codec.ts';
import { type Method, type MethodFields, type MethodName, methods } from '../wire/methods.ts';
import { protocolHeader } from '../wire/protocol-header.ts';

const blanks = {
  bit: false,
  octet: 0,
  short: 0,
  long: 0,
  longlong: 0,
  shortstr: '',
  longstr: Buffer.alloc(0),
  table: new Map(),
} as const;

/** The fields of a method: false, nought or empty where none are given. */
function complete<N extends MethodName>(
  name: N,
  fields: Partial<MethodFields<N>>,
): MethodFields<N> {
  const types: [string, keyof typeof blanks][] = Object.entries(methods[name].fields);
  const blank: Record<string, unknown> = Object.fromEntries(
    types.map(([field, type]) => [field, blanks[type]]),
  );
  // The table of methods, of which the type is made as well, has told the fields.
  return { ...blank, ...fields } as unknown as MethodFields<N>;
}

/** A method that a broker sent, with the message that followed it. */
export interface Received<N extends MethodName = MethodName> {
  readonly channel: number;
  readonly name: N;
  readonly fields: MethodFields<N>;
  properties: Properties;
  body: string;
}

/** Whether what was received is the method of that name. */
export function isMethod<N extends MethodName>(
  received: Received,
  name: N,
): received is Received<N> {
  return received.name === name;
}

/** Reads what a broker sends. */
export class FrameLog {
  /** In the order in which they were complete. */
  readonly received: Received[] = [];
  heartbeats = 0;
  /** The largest payload of a frame so far, in bytes. */
  largest = 0;
  readonly #reader = new FrameReader(0);
  /** By channel: a method whose message is still to come, and how many bytes of its body are. */
  readonly #unfinished = new Map<number, { readonly received: Received; lacking: number }>();

  push(chunk: Buffer): void {
    this.#reader.push(chunk, (type, channel, payload) => this.#frame(type, channel, payload));
  }

  #frame(type: number, channel: number, payload: Buffer): void {
    this.largest = Math.max(this.largest, payload.length);
    if (type === frameType.heartbeat) {
      this.heartbeats += 1;
    } else if (type === frameType.method) {
      const { name, fields }: Method = decodeMethod(payload);
      const received = { channel, name, fields, properties: {}, body: '' };
      if ('content' in methods[name]) this.#unfinished.set(channel, { received, lacking: 0 });
      else this.received.push(received);
    } else {
      this.#content(type, channel, payload);
    }
  }

  #content(type: number, channel: number, payload: Buffer): void {
    const content = this.#unfinished.get(channel);
    if (content === undefined) throw new Error(`content on channel ${channel} without a method`);
    if (type === frameType.header) {
      content.lacking = decodeBodySize(payload);
      content.received.properties = decodeProperties(Buffer.from(payload));
    } else {
      content.lacking -= payload.length;
      content.received.body += payload.toString('latin1');
    }
    if (content.lacking > 0) return;
    this.#unfinished.delete(channel);
    this.received.push(content.received);
  }
}

/** What a message is published with. */
export interface PublishOptions {
  readonly exchange?: string;
  readonly routingKey: string;
  readonly mandatory?: boolean;
  readonly properties?: Properties;
  readonly body?: string | Buffer;
}

/** Collects what a client sends. */
export class Requests {
  readonly #writer = new FrameWriter();
  readonly #frameMax: number;

  /** @param frameMax the largest frame to send, in bytes */
  constructor(frameMax = 4096) {
    this.#frameMax = frameMax;
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): this {
    this.#writer.raw(bytes);
    return this;
  }

  method<N extends MethodName>(
    channel: number,
    name: N,
    fields: Partial<MethodFields<N>> = {},
  ): this {
    this.#writer.method(channel, name, complete(name, fields));
    return this;
  }

  publish(channel: number, options: PublishOptions): this {
    const { exchange = '', routingKey, mandatory = false, properties = {}, body = '' } = options;
    const bytes = Buffer.from(body);
    this.method(channel, 'basic.publish', { exchange, routingKey, mandatory });
    this.#writer.content(
      channel,
      this.#frameMax,
      encodeContentHeader(bytes.length, properties),
      bytes,
    );
    return this;
  }

  heartbeat(): this {
    this.#writer.heartbeat();
    return this;
  }

  take(): Buffer {
    return Buffer.concat(this.#writer.take());
  }
}

/** How a client opens a connection. */
export interface Greeting {
  readonly user?: string;
  readonly password?: string;
  readonly vhost?: string;
  readonly frameMax?: number;
  readonly channelMax?: number;
  readonly heartbeat?: number;
  readonly clientProperties?: MethodFields<'connection.start-ok'>['clientProperties'];
}

/** Everything that a client says until its connection is open, in one go. */
export function greet(greeting: Greeting = {}): Buffer {
  const { user = 'guest', password = user, vhost = '/' } = greeting;
  const { frameMax = 131_072, channelMax = 2047, heartbeat = 0 } = greeting;
  const { clientProperties = modernClient } = greeting;
  const response = Buffer.from(`\u0000${user}\u0000${password}`);
  return new Requests()
    .raw(protocolHeader)
    .method(0, 'connection.start-ok', { mechanism: 'PLAIN', response, clientProperties })
    .method(0, 'connection.tune-ok', { frameMax, channelMax, heartbeat })
    .method(0, 'connection.open', { virtualHost: vhost })
    .take();
}

const can = { type: 't', value: true } as const;

/** Client properties of a client that understands RabbitMQ's extensions. */
export const modernClient: MethodFields<'connection.start-ok'>['clientProperties'] = new Map([
  [
    'capabilities',
    {
      type: 'F',
      value: new Map([
        ['connection.blocked', can],
        ['consumer_cancel_notify', can],
        ['authentication_failure_close', can],
      ]),
    },
  ],
]);

/** A frame as it stands on the wire, right or wrong. */
export function frame(type: number, channel: number, payload: Uint8Array, end = 0xce): Buffer {
  const header = Buffer.alloc(7);
  header.writeUInt8(type);
  header.writeUInt16BE(channel, 1);
  header.writeUInt32BE(payload.length, 3);
  return Buffer.concat([header, payload, Buffer.from([end])]);
}
