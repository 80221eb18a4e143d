import { once } from 'node:events';
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { AmqpError } from '../base/amqp-error.ts';
import { BrokerError } from '../base/broker-error.ts';
import type { BrokerContext } from '../protocol/broker-context.ts';
import { Connection } from '../protocol/connection.ts';
import { endsOf, SocketTransport } from './socket-transport.ts';

/** How long clients may take over the handshake of TLS, in milliseconds. */
const TLS_HANDSHAKE_TIMEOUT_MS = 10_000;

/** How long clients may take to hang up when the broker closes, in milliseconds. */
const CLOSE_LINGER_MS = 500;

/** A client: its socket, and what is known of it. */
export interface Client {
  readonly transport: SocketTransport;
  readonly connection: Connection;
}

/** Where a server listens. */
export interface Address {
  readonly host: string;
  /** A second address with the same port; nothing is lost where it cannot be had. */
  readonly alsoOn: string | undefined;
  /** 0 is any free one. */
  readonly port: number;
  /** Certificate, key and the like; undefined is plain TCP. */
  readonly tls: TlsOptions | undefined;
}

/** A server of Node's on one address. */
interface Listener {
  readonly server: NetServer;
  readonly closed: Promise<void>;
}

/** Takes connections and feeds the protocol with what they bring. */
export class Server {
  readonly #context: BrokerContext;
  readonly #tls: TlsOptions | undefined;
  /** One for each address. */
  readonly #listeners: Listener[] = [];
  readonly #clients = new Set<Client>();
  /** TCP links whose TLS handshake is not done, by their ends. */
  readonly #securing = new Map<string, Socket>();
  /** Tests may have new connections refused; each has a mark of its own. */
  readonly refusals: Set<object> = new Set();

  private constructor(context: BrokerContext, tls: TlsOptions | undefined) {
    this.#context = context;
    this.#tls = tls;
  }

  /**
   * Starts to listen.
   *
   * @throws BrokerError `LISTEN_FAILED`
   */
  static async listen(context: BrokerContext, address: Address): Promise<Server> {
    const server = new Server(context, address.tls);
    const { host, port, alsoOn } = address;
    await server.#listen(host, port);
    if (alsoOn !== undefined) await server.#listen(alsoOn, server.port).catch(() => {});
    return server;
  }

  async #listen(host: string, port: number): Promise<void> {
    const server = this.#tls === undefined ? this.#plainServer() : this.#tlsServer(this.#tls);
    try {
      server.listen({ host, port });
      await once(server, 'listening');
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new BrokerError('LISTEN_FAILED', `cannot listen on ${host}:${port}: ${reason}`, {
        cause,
      });
    }
    // Accepting may fail for one client, for want of a file descriptor; the others are not concerned.
    server.on('error', () => {});
    // Unlike events.once it does not reject on an error, which has nothing to do with closing.
    const closed = new Promise<void>((resolve) => server.once('close', resolve));
    this.#listeners.push({ server, closed });
  }

  /** The port that it listens on. */
  get port(): number {
    const address = this.#listeners[0]?.server.address();
    return typeof address === 'object' ? (address?.port ?? 0) : 0;
  }

  get clients(): Iterable<Client> {
    return this.#clients;
  }

  /** How many connections have finished their handshake. */
  get openCount(): number {
    let count = 0;
    for (const { connection } of this.#clients) if (connection.open !== undefined) count += 1;
    return count;
  }

  /**
   * The clients, who are about to be cut or closed together. None is delivered to any more: what one gives back would
   * go to the next, and come back from there once more.
   */
  quiesce(): readonly Client[] {
    const clients = [...this.#clients];
    for (const { connection } of clients) connection.stopDeliveries();
    return clients;
  }

  /** Tells all clients that the broker shuts down (320). Returns them. */
  closeConnections(): readonly Client[] {
    const clients = this.quiesce();
    for (const { connection } of clients) {
      connection.close(
        new AmqpError(320, "broker forced connection closure with reason 'shutdown'"),
      );
    }
    return clients;
  }

  /** Stops listening, tells all clients that the broker shuts down, and waits until their sockets are closed. */
  async close(): Promise<void> {
    for (const { server } of this.#listeners) server.close();
    for (const { transport } of this.closeConnections()) transport.end(CLOSE_LINGER_MS);
    for (const link of this.#securing.values()) link.destroy();
    for (const { closed } of this.#listeners) await closed;
    // The server counts a socket as closed a little before the socket says so itself.
    for (const client of this.#clients) this.#lost(client);
  }

  #plainServer(): NetServer {
    return createServer({ noDelay: true }, (socket) => this.#link(socket));
  }

  /** A client whose TLS handshake fails is cut by Node. */
  #tlsServer(tls: TlsOptions): NetServer {
    const handshakeTimeout = TLS_HANDSHAKE_TIMEOUT_MS;
    const server = createTlsServer({ noDelay: true, handshakeTimeout, ...tls });
    server.on('connection', (link: Socket) => this.#secure(link));
    server.on('secureConnection', (socket) => {
      const link = this.#securing.get(endsOf(socket));
      this.#securing.delete(endsOf(socket));
      if (link === undefined) socket.destroy();
      else this.#accept(socket, link);
    });
    return server;
  }

  /** A TCP link came on which TLS comes first. */
  #secure(link: Socket): void {
    link.on('error', () => link.destroy());
    if (this.refusals.size > 0) {
      link.resetAndDestroy();
      return;
    }
    const ends = endsOf(link);
    this.#securing.set(ends, link);
    link.once('close', () => this.#securing.delete(ends));
  }

  #link(socket: Socket): void {
    if (this.refusals.size > 0) socket.resetAndDestroy();
    else this.#accept(socket, socket);
  }

  /** @param link the TCP link below, which is the socket itself without TLS */
  #accept(socket: Socket, link: Socket): void {
    socket.on('error', () => socket.destroy());
    const transport = new SocketTransport(socket, link, () => connection.writable());
    const connection = new Connection(this.#context, transport);
    const client: Client = { transport, connection };
    this.#clients.add(client);
    socket.on('data', (bytes: Buffer) => connection.receive(bytes));
    socket.on('close', () => this.#lost(client));
  }

  #lost(client: Client): void {
    this.#clients.delete(client);
    client.connection.lost();
  }
}
