import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { listenAnywhere } from '../ports.ts';
import {
  type CutOptions,
  type Direction,
  Link,
  type MeterReading,
  type ProxyConnection,
} from './link.ts';
import { Shaping } from './shaping.ts';

/** Where a proxy leads. */
export interface ProxyTarget {
  readonly host: string;
  readonly port: number;
}

/** A cut that was ordered and has not happened yet. */
interface OrderedCut {
  readonly direction: Direction;
  readonly options: CutOptions;
  readonly done: () => void;
  left: number;
}

/** A TCP proxy on 127.0.0.1 that can do to a connection what networks do. */
export class TcpProxy implements AsyncDisposable {
  /** Where clients connect. */
  readonly port: number;
  readonly #server: Server;
  readonly #target: ProxyTarget;
  readonly #shaping = new Shaping();
  readonly #links = new Set<Link>();
  readonly #waiting: ((connection: ProxyConnection) => void)[] = [];
  #refusing = false;
  #ordered: OrderedCut | undefined;

  private constructor(server: Server, port: number, target: ProxyTarget) {
    this.#server = server;
    this.port = port;
    this.#target = target;
    server.on('connection', (client) => this.#join(client));
  }

  /** Opens a proxy on a free port. Tests call `startTcpProxy`. */
  static async open(target: ProxyTarget): Promise<TcpProxy> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    const port = await listenAnywhere(server);
    return new TcpProxy(server, port, target);
  }

  /** `baseUrl` with host and port of this proxy; user, password, path and query stay. */
  url(baseUrl: string): string {
    const url = new URL(baseUrl);
    url.hostname = '127.0.0.1';
    url.port = String(this.port);
    return url.href;
  }

  /** How many connections have at least one side open. */
  get connections(): number {
    return this.#links.size;
  }

  /** The next connection that is accepted from now on. */
  nextConnection(): Promise<ProxyConnection> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Ends all connections: both sides get a FIN, or a reset. New connections are accepted. */
  cut(options: CutOptions = {}): void {
    for (const link of this.#links) link.cut(options);
  }

  /**
   * Orders one cut: after `bytes` more bytes in `direction`, counted over all connections, the connection that carried
   * the last of them is cut. With 0 it is cut before the next byte. Resolves when it has happened. A later order
   * replaces one that is open.
   */
  cutAfter(direction: Direction, bytes: number, options: CutOptions = {}): Promise<void> {
    return new Promise((done) => {
      this.#ordered = { direction, options, done, left: bytes };
    });
  }

  /** New connections are reset as soon as they are open. Those that are open stay. */
  refuse(): void {
    this.#refusing = true;
  }

  /** New connections are accepted again. */
  accept(): void {
    this.#refusing = false;
  }

  /** Nothing passes in either direction, not even an end; connections stay open, new ones too. */
  freeze(): void {
    this.#shaping.freeze();
  }

  /** Lets everything that waits pass. */
  thaw(): void {
    this.#shaping.thaw();
  }

  /** Adds latency to each direction, in milliseconds; 0 ends it. */
  delay(ms: number): void {
    this.#shaping.delayMs = ms;
  }

  /** Passes bytes on in writes of `bytesPerChunk`, 1 unless given; Infinity ends it. A receiver in this process reads each
   * write by itself, so every split point is met; another one may find several together. */
  trickle(bytesPerChunk = 1): void {
    this.#shaping.chunkBytes = bytesPerChunk;
  }

  /** Limits each direction of each connection; Infinity ends it. */
  limitRate(bytesPerSecond: number): void {
    this.#shaping.bytesPerSecond = bytesPerSecond;
  }

  /** For all open connections, the server's side goes and the client's side stays open in silence. */
  halfOpen(): void {
    for (const link of this.#links) link.abandon();
  }

  /** Ends all that disturbs: new connections are accepted, bytes pass at once. Cut connections stay cut. */
  heal(): void {
    this.#shaping.clear();
    this.#ordered = undefined;
    this.accept();
  }

  /** Closes the port and all connections. Safe to call twice. */
  async close(): Promise<void> {
    const closing = [...this.#links].map((link) => {
      link.destroy();
      return link.closed;
    });
    if (this.#server.listening) {
      this.#server.close();
      await once(this.#server, 'close');
    }
    await Promise.all(closing);
  }

  /** The same as `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #join(client: Socket): void {
    if (this.#refusing) {
      client.on('error', () => {});
      client.resetAndDestroy();
      return;
    }
    const server = connect({ ...this.#target, allowHalfOpen: true, noDelay: true });
    const link = new Link(client, server, {
      shaping: this.#shaping,
      meter: (direction, size) => this.#meter(direction, size),
    });
    this.#links.add(link);
    void link.closed.then(() => this.#links.delete(link));
    for (const resolve of this.#waiting.splice(0)) resolve(link);
  }

  #meter(direction: Direction, size: number): MeterReading {
    const order = this.#ordered;
    if (order?.direction !== direction) return { allowed: size };
    const allowed = Math.min(size, order.left);
    order.left -= allowed;
    if (order.left > 0) return { allowed };
    this.#ordered = undefined;
    order.done();
    return { allowed, cut: order.options };
  }
}

/**
 * Starts a TCP proxy on a free port of 127.0.0.1 which passes everything on to `target` until it is told otherwise.
 *
 * @example
 * await using proxy = await startTcpProxy({ host: '127.0.0.1', port: 5672 });
 * const connection = await connect({ url: proxy.url(brokerUrl) });
 * proxy.cut({ reset: true });
 */
export function startTcpProxy(target: ProxyTarget): Promise<TcpProxy> {
  return TcpProxy.open(target);
}
