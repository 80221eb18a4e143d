import type { Clock, Timer } from '../base/clock.ts';

/** The link that heartbeats watch. */
export interface HeartbeatLink {
  readonly bytesWritten: number;
  readonly bytesRead: number;
  /** Whether bytes are read; a peer that is not listened to cannot be missed. */
  readonly reading: boolean;
  /** Nothing was sent for half an interval. */
  sendHeartbeat(): void;
  /** Nothing came for two intervals: the peer is gone. */
  peerLost(): void;
}

/** Silent intervals after which a peer counts as lost, as in RabbitMQ (https://www.rabbitmq.com/docs/heartbeats). */
const SILENT_INTERVALS = 2;

/** Sends heartbeats where nothing else is sent, and notices a peer that fell silent. */
export class Heartbeats {
  readonly #clock: Clock;
  readonly #link: HeartbeatLink;
  readonly #halfInterval: number;
  #timer: Timer | undefined;
  #bytesWritten = 0;
  #bytesRead = 0;
  #silentHalves = 0;

  /** @param interval in seconds; 0 is no heartbeats */
  constructor(interval: number, clock: Clock, link: HeartbeatLink) {
    this.#clock = clock;
    this.#link = link;
    this.#halfInterval = interval * 500;
    if (interval > 0) this.#wait();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #wait(): void {
    this.#timer = this.#clock.after(this.#halfInterval, () => {
      this.#wait();
      this.#check();
    });
  }

  #check(): void {
    const { bytesWritten, bytesRead, reading } = this.#link;
    if (bytesWritten === this.#bytesWritten) this.#link.sendHeartbeat();
    const silent = reading && bytesRead === this.#bytesRead;
    this.#silentHalves = silent ? this.#silentHalves + 1 : 0;
    this.#bytesWritten = this.#link.bytesWritten;
    this.#bytesRead = bytesRead;
    if (this.#silentHalves >= 2 * SILENT_INTERVALS) this.#link.peerLost();
  }
}
