import type { Socket } from 'node:net';
import { systemClock } from '../base/clock.ts';
import type { Transport } from '../protocol/transport.ts';
import { FrameWriter } from '../wire/frame-writer.ts';

/** Bytes that may wait for a peer before it gets no more deliveries. */
const SLOW_PEER = 256 * 1024;

/** Bytes that may wait for a peer before nothing is read from it: it should take answers before it asks for more. */
const STUCK_PEER = 4 * 1024 * 1024;

/** Bytes that may wait for a peer before it is dropped. Only what comes unasked, such as direct replies, gets there. */
const LOST_PEER = 256 * 1024 * 1024;

/** How long a peer may take to read the rest and hang up as well, in milliseconds. */
const LINGER_MS = 5000;

/** A fault that keeps the broker from reading. */
export interface Stall {
  readonly kind: 'stall';
}

/** Why nothing is read from a peer. */
export type Hold =
  /** It publishes while the broker is short of memory. */
  | 'blocked'
  /** It does not read its answers. */
  | 'stuck'
  /** A test asked for it; several may. */
  | Stall;

/** Both ends of a socket, which no two sockets share: `127.0.0.1:51034 -> 127.0.0.1:5672`. */
export function endsOf(socket: Socket): string {
  return `${socket.remoteAddress}:${socket.remotePort} -> ${socket.localAddress}:${socket.localPort}`;
}

/** A socket as the protocol uses it: writes of one turn go out together, and a peer that does not read is noticed. */
export class SocketTransport implements Transport {
  readonly name: string;
  readonly out: FrameWriter = new FrameWriter();
  readonly #socket: Socket;
  readonly #link: Socket;
  readonly #caughtUp: () => void;
  readonly #holds = new Set<Hold>();
  readonly #flush = (): void => this.#flushNow();
  #flushScheduled = false;

  /**
   * @param link the TCP link below TLS; without it the socket itself
   * @param caughtUp called when the peer has read what it was sent, after it had not for a while
   */
  constructor(socket: Socket, link: Socket, caughtUp: () => void) {
    this.#socket = socket;
    this.#link = link;
    this.#caughtUp = caughtUp;
    this.name = endsOf(socket);
    socket.on('drain', () => this.#drained());
  }

  get bytesWritten(): number {
    return this.#socket.bytesWritten;
  }

  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  get writable(): boolean {
    return this.#waiting < SLOW_PEER;
  }

  get reading(): boolean {
    return this.#holds.size === 0;
  }

  get #waiting(): number {
    return this.#socket.writableLength + this.out.byteLength;
  }

  wrote(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    queueMicrotask(this.#flush);
  }

  pause(): void {
    this.hold('blocked');
  }

  resume(): void {
    this.release('blocked');
  }

  /** Stops reading for a reason. */
  hold(reason: Hold): void {
    this.#holds.add(reason);
    this.#socket.pause();
  }

  /** The reason is gone; reading goes on once none is left. */
  release(reason: Hold): void {
    this.#holds.delete(reason);
    if (this.#holds.size === 0) this.#socket.resume();
  }

  end(lingerMs: number = LINGER_MS): void {
    this.#flushNow();
    // Reads go on and are thrown away: closing a socket over unread bytes would reset it before the peer has read ours.
    for (const reason of [...this.#holds]) this.release(reason);
    this.#socket.end();
    const linger = systemClock.after(lingerMs, () => this.#socket.destroy());
    this.#socket.once('close', () => linger.cancel());
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Cuts the link, so that the peer sees a reset. */
  reset(): void {
    this.#link.resetAndDestroy();
  }

  #flushNow(): void {
    this.#flushScheduled = false;
    const pieces = this.out.take();
    if (!this.#socket.writable) return;
    const [only] = pieces;
    if (pieces.length === 1 && only !== undefined) {
      this.#socket.write(only);
    } else {
      this.#socket.cork();
      for (const piece of pieces) this.#socket.write(piece);
      this.#socket.uncork();
    }
    // What still grows although nothing is read any more came unasked.
    if (this.#waiting > LOST_PEER && this.#holds.has('stuck')) this.reset();
    else if (this.#waiting > STUCK_PEER) this.hold('stuck');
  }

  #drained(): void {
    this.release('stuck');
    this.#caughtUp();
  }
}
