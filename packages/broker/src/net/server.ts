import { once } from 'node:events';
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { AmqpError } from '../base/amqp-error.ts';
import { BrokerError } from '../base/broker-error.ts';
import type { BrokerContext } from '../protocol/broker-context.ts';
import { Connection } from '../protocol/connection.ts';
import { SocketTransport } from './socket-transport.ts';

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
  /** 0 is any free one. */
  readonly port: number;
  /** Certificate, key and the like; undefined is plain TCP. */
  readonly tls: TlsOptions | undefined;
}

/** Takes connections and feeds the protocol with what they bring. */
export class Server {
  readonly #context: BrokerContext;
  readonly #server: NetServer;
  readonly #clients = new Set<Client>();
  readonly #closed: Promise<void>;
  /** A test may have new connections refused. */
  refusing = false;

  private constructor(context: BrokerContext, tls: TlsOptions | undefined) {
    this.#context = context;
    const accept = (socket: Socket): void => this.#accept(socket);
    // A client whose TLS handshake fails is cut by Node.
    this.#server =
      tls === undefined
        ? createServer({ noDelay: true }, accept)
        : createTlsServer({ noDelay: true, ...tls }, accept);
    // Unlike events.once it does not reject on an error, which has nothing to do with closing.
    this.#closed = new Promise((resolve) => this.#server.once('close', resolve));
  }

  /**
   * Starts to listen.
   *
   * @throws BrokerError `LISTEN_FAILED`
   */
  static async listen(context: BrokerContext, address: Address): Promise<Server> {
    const server = new Server(context, address.tls);
    const { host, port } = address;
    try {
      server.#server.listen({ host, port });
      await once(server.#server, 'listening');
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new BrokerError('LISTEN_FAILED', `cannot listen on ${host}:${port}: ${reason}`, {
        cause,
      });
    }
    // Accepting may fail for one client, for want of a file descriptor; the others are not concerned.
    server.#server.on('error', () => {});
    return server;
  }

  /** The port that it listens on. */
  get port(): number {
    const address = this.#server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
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

  /** Stops listening, tells all clients that the broker shuts down, and waits until their sockets are closed. */
  async close(): Promise<void> {
    this.#server.close();
    for (const { connection, transport } of [...this.#clients]) {
      connection.close(
        new AmqpError(320, "broker forced connection closure with reason 'shutdown'"),
      );
      transport.end(CLOSE_LINGER_MS);
    }
    await this.#closed;
  }

  #accept(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    if (this.refusing) {
      socket.resetAndDestroy();
      return;
    }
    const transport = new SocketTransport(socket, () => connection.writable());
    const connection = new Connection(this.#context, transport);
    const client: Client = { transport, connection };
    this.#clients.add(client);
    socket.on('data', (bytes: Buffer) => connection.receive(bytes));
    socket.on('close', () => {
      this.#clients.delete(client);
      connection.lost();
    });
  }
}
