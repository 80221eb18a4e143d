import { deadline } from '../deadline.ts';
import type { AmqpChannel } from './channel.ts';
import { DEADLINE_MS } from './mailbox.ts';
import type { Arrived, Methods } from './methods.ts';
import { AmqpSocket } from './socket.ts';
import { encodeTable } from './values.ts';

/** How a client introduces itself. What is not named is what the URL says, or what most clients say. */
export interface ConnectionOptions {
  readonly user?: string;
  readonly password?: string;
  readonly vhost?: string;
  /** The mechanism; `PLAIN` unless named. */
  readonly mechanism?: string;
  /** What is sent for the mechanism, in place of that for PLAIN or AMQPLAIN. */
  readonly response?: string;
  /** What the client is able to do; by default all that RabbitMQ knows of. */
  readonly capabilities?: Readonly<Record<string, boolean>>;
  /** More client properties. */
  readonly clientProperties?: Readonly<Record<string, unknown>>;
  /** In bytes; what the broker proposes unless named. */
  readonly frameMax?: number;
  /** What the broker proposes unless named. */
  readonly channelMax?: number;
  /** In seconds; 0, which is none, unless named. */
  readonly heartbeat?: number;
}

const allCapabilities = {
  publisher_confirms: true,
  exchange_exchange_bindings: true,
  'basic.nack': true,
  consumer_cancel_notify: true,
  'connection.blocked': true,
  authentication_failure_close: true,
};

/** The first step of a handshake: the protocol header. Returns what the broker says of itself. */
export async function greet(socket: AmqpSocket): Promise<Arrived<'connection.start'>> {
  socket.writeHeader();
  return await socket.channel(0).next('connection.start');
}

/** The second step, `connection.start-ok`: sends user and password, and waits for nothing. */
export function logIn(socket: AmqpSocket, url: string, options: ConnectionOptions = {}): void {
  const { mechanism = 'PLAIN', capabilities = allCapabilities } = options;
  const { user, password } = { ...credentialsOf(url), ...options };
  socket.channel(0).send('connection.start-ok', {
    clientProperties: { product: 'leveret testkit', capabilities, ...options.clientProperties },
    mechanism,
    response: options.response ?? responseOf(mechanism, user, password),
    locale: 'en_US',
  });
}

/** The third step: takes `connection.tune` and answers it. Returns what was proposed and what was answered. */
export async function tune(
  socket: AmqpSocket,
  options: ConnectionOptions = {},
): Promise<{
  readonly proposed: Methods['connection.tune'];
  readonly agreed: Methods['connection.tune-ok'];
}> {
  const proposed = await socket.channel(0).next('connection.tune');
  const { channelMax, frameMax, heartbeat } = { ...proposed, heartbeat: 0, ...options };
  const agreed = { channelMax, frameMax, heartbeat };
  socket.channel(0).send('connection.tune-ok', agreed);
  socket.frameMax = frameMax;
  return { proposed, agreed };
}

/** The last step, `connection.open`: sends the vhost, and waits for nothing. */
export function enter(socket: AmqpSocket, url: string, options: ConnectionOptions = {}): void {
  const { vhost = vhostOf(url) } = options;
  socket.channel(0).send('connection.open', { virtualHost: vhost });
}

/** All steps on a fresh socket; `{}` gives what most clients have. */
export async function openConnection(
  url: string,
  options: ConnectionOptions = {},
): Promise<AmqpConnection> {
  const socket = await AmqpSocket.open(url);
  try {
    const start = await greet(socket);
    logIn(socket, url, options);
    const { agreed } = await tune(socket, options);
    enter(socket, url, options);
    await socket.channel(0).next('connection.open-ok');
    return new AmqpConnection(socket, start, agreed);
  } catch (error) {
    await socket[Symbol.asyncDispose]();
    throw error;
  }
}

/** An open connection. */
export class AmqpConnection implements AsyncDisposable {
  readonly socket: AmqpSocket;
  /** What the broker said of itself. */
  readonly start: Arrived<'connection.start'>;
  /** What was agreed upon. */
  readonly tune: Methods['connection.tune-ok'];
  #lastChannel = 0;

  constructor(
    socket: AmqpSocket,
    start: Arrived<'connection.start'>,
    agreed: Methods['connection.tune-ok'],
  ) {
    this.socket = socket;
    this.start = start;
    this.tune = agreed;
  }

  /** Opens the channel of that number, or the next one. */
  async channel(number: number = ++this.#lastChannel): Promise<AmqpChannel> {
    const channel = this.socket.channel(number);
    await channel.call('channel.open');
    return channel;
  }

  /** Closes the connection as a client does, which hangs up once it is answered. */
  async close(): Promise<void> {
    await this.socket.channel(0).call('connection.close', { replyCode: 200 });
    this.socket.finish();
    await this.socket.ended();
  }

  /** The broker must close the connection: see the socket's. */
  async expectClose(replyCode: number, method?: string): Promise<Methods['connection.close']> {
    return await this.socket.expectClose(replyCode, method);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await deadline(this.socket[Symbol.asyncDispose](), DEADLINE_MS, 'the end of the connection');
  }
}

function credentialsOf(url: string): { readonly user: string; readonly password: string } {
  const { username, password } = new URL(url);
  return {
    user: decodeURIComponent(username) || 'guest',
    password: decodeURIComponent(password) || 'guest',
  };
}

function vhostOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1)) || '/';
}

/** What a mechanism sends. That of AMQPLAIN is a table without its length. */
function responseOf(mechanism: string, user: string, password: string): string {
  if (mechanism !== 'AMQPLAIN') return `\0${user}\0${password}`;
  return encodeTable({ LOGIN: user, PASSWORD: password }).toString('latin1', 4);
}
