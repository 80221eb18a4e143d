import type { Socket } from 'node:net';
import type { Ending } from './delay-line.ts';
import { type FlowExit, startFlow } from './flow.ts';
import { type Shaping, settled } from './shaping.ts';

/** Which way bytes go. */
export type Direction = 'toServer' | 'toClient';

/** How connections are cut: with FIN, or with RST if `reset` is true. */
export interface CutOptions {
  readonly reset?: boolean;
}

/** One connection through the proxy. */
export interface ProxyConnection {
  /** Ends both sides at once. Bytes on their way are lost. */
  cut(options?: CutOptions): void;
  /** Resolves when both sides are gone. */
  readonly closed: Promise<void>;
}

/** How many bytes may pass, and whether the connection is to be cut behind them. */
export interface MeterReading {
  readonly allowed: number;
  readonly cut?: CutOptions;
}

/** What a link asks of its proxy. */
export interface LinkHost {
  readonly shaping: Shaping;
  /** Counts bytes that are about to pass. */
  meter(direction: Direction, size: number): MeterReading;
}

/** A client's socket joined to a socket of the server. */
export class Link implements ProxyConnection {
  readonly closed: Promise<void>;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #host: LinkHost;
  readonly #abort = new AbortController();

  constructor(client: Socket, server: Socket, host: LinkHost) {
    this.#client = client;
    this.#server = server;
    this.#host = host;
    const gone = [client, server].map((socket) => {
      socket.setNoDelay(true);
      // The reading flow sees the error too and deals with it.
      socket.on('error', () => {});
      return new Promise<void>((resolve) => {
        socket.once('close', () => resolve());
      });
    });
    this.closed = Promise.all(gone).then(() => {
      this.#abort.abort();
    });
    const { signal } = this.#abort;
    startFlow(client, host.shaping, this.#exit('toServer', server), signal);
    startFlow(server, host.shaping, this.#exit('toClient', client), signal);
  }

  cut(options: CutOptions = {}): void {
    this.#abort.abort();
    for (const socket of [this.#client, this.#server]) {
      if (options.reset) socket.resetAndDestroy();
      else socket.end();
    }
  }

  /** The server's side goes and the client is not told: what it sends is swallowed. */
  abandon(): void {
    this.#abort.abort();
    this.#server.destroy();
    if (this.#client.readableEnded) this.#client.end();
    else this.#client.once('end', () => this.#client.end());
  }

  /** Closes both sockets without any ceremony. */
  destroy(): void {
    this.#abort.abort();
    this.#client.destroy();
    this.#server.destroy();
  }

  #exit(direction: Direction, sink: Socket): FlowExit {
    return {
      deliver: async (piece) => {
        const { allowed, cut } = this.#host.meter(direction, piece.length);
        if (allowed > 0) await written(sink, piece.subarray(0, allowed));
        if (cut === undefined) return;
        // A reset that overtakes the bytes before it would hide them.
        await settled();
        this.cut(cut);
      },
      finish: (ending: Ending) => {
        if (ending === 'reset') this.cut({ reset: true });
        else sink.end();
      },
    };
  }
}

/** Writes and waits until the receiver has taken the bytes, or is gone. */
function written(sink: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    sink.write(bytes, () => resolve());
  });
}
