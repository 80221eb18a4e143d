import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { encodeContentHeader } from '../wire/content.ts';
import { FrameReader } from '../wire/frame-reader.ts';
import { frameType } from '../wire/frame-types.ts';
import { FrameWriter } from '../wire/frame-writer.ts';
import { decodeMethod } from '../wire/method-codec.ts';
import type { MethodName } from '../wire/methods.ts';
import { protocolHeader } from '../wire/protocol-header.ts';

const FRAME_MAX = 8192;
const CHANNEL = 1;

/**
 * Connects, declares a queue, publishes two messages to it and one to nowhere, gets both and acknowledges the first.
 * Resolves once all that was answered, with the connection still open.
 */
export async function visit(url: string): Promise<Socket> {
  const { hostname, port, username, password, pathname } = new URL(url);
  const socket = connect(Number(port), hostname);
  const vhost = decodeURIComponent(pathname.slice(1)) || '/';
  const [user, secret] = [username, password].map(decodeURIComponent);
  for (const piece of session(`\0${user}\0${secret}`, vhost)) socket.write(piece);
  const answers = await answersUntil(socket, 'basic.get-empty');
  if (!answers.includes('basic.return')) throw new Error(`unexpected answers: ${answers}`);
  return socket;
}

/** All that the client sends; it waits for no answer. */
function session(login: string, virtualHost: string): Buffer[] {
  const out = new FrameWriter();
  out.raw(protocolHeader);
  out.method(0, 'connection.start-ok', {
    clientProperties: new Map(),
    mechanism: 'PLAIN',
    response: Buffer.from(login),
    locale: 'en_US',
  });
  out.method(0, 'connection.tune-ok', { channelMax: 1, frameMax: FRAME_MAX, heartbeat: 0 });
  out.method(0, 'connection.open', { virtualHost });
  out.method(CHANNEL, 'channel.open', {});
  out.method(CHANNEL, 'queue.declare', {
    queue: 'visits',
    passive: false,
    durable: false,
    exclusive: true,
    autoDelete: false,
    noWait: false,
    arguments: new Map(),
  });
  publish(out, 'visits');
  publish(out, 'visits');
  publish(out, 'nowhere');
  for (let tries = 0; tries < 3; tries += 1) {
    out.method(CHANNEL, 'basic.get', { queue: 'visits', noAck: false });
    if (tries === 0) out.method(CHANNEL, 'basic.ack', { deliveryTag: 1, multiple: false });
  }
  return out.take();
}

function publish(out: FrameWriter, routingKey: string): void {
  out.method(CHANNEL, 'basic.publish', {
    exchange: '',
    routingKey,
    mandatory: true,
    immediate: false,
  });
  const body = Buffer.from('hi');
  out.content(CHANNEL, FRAME_MAX, encodeContentHeader(body.length, {}), body);
}

async function answersUntil(socket: Socket, last: MethodName): Promise<readonly MethodName[]> {
  const reader = new FrameReader(FRAME_MAX);
  const answers: MethodName[] = [];
  const ended = once(socket, 'close').then(() => {
    throw new Error(`closed before ${last}: ${answers}`);
  });
  const read = new Promise<void>((resolve) => {
    socket.on('data', (bytes: Buffer) =>
      reader.push(bytes, (type, _channel, payload) => {
        if (type !== frameType.method) return;
        const { name } = decodeMethod(payload);
        answers.push(name);
        if (name === last) resolve();
      }),
    );
  });
  await Promise.race([read, ended]);
  ended.catch(() => {});
  return answers;
}
