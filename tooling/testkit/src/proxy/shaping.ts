import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';

const SLICES_PER_SECOND = 20;

/**
 * Lets a receiver in this process read what has just been written: one turn may end before the next poll for input,
 * two cannot.
 */
export async function settled(): Promise<void> {
  await turn();
  await turn();
}

/** How bytes travel through the proxy at the moment. Changes apply at once, to open connections too. */
export class Shaping {
  /** Latency of each direction in milliseconds. Bytes are late, but not fewer per second. */
  delayMs = 0;
  /** The most bytes that go into one write; a receiver in this process reads each one by itself. */
  chunkBytes: number = Number.POSITIVE_INFINITY;
  /** The most bytes per second, for each connection and direction. */
  bytesPerSecond: number = Number.POSITIVE_INFINITY;
  #frozen: { readonly thawed: Promise<void>; readonly thaw: () => void } | undefined;

  /** Stops all bytes until `thaw`. */
  freeze(): void {
    if (this.#frozen) return;
    let thaw = (): void => {};
    const thawed = new Promise<void>((resolve) => {
      thaw = resolve;
    });
    this.#frozen = { thawed, thaw };
  }

  /** Lets bytes go on after `freeze`. */
  thaw(): void {
    this.#frozen?.thaw();
    this.#frozen = undefined;
  }

  /** Back to a fast and faultless link. */
  clear(): void {
    this.delayMs = 0;
    this.chunkBytes = Number.POSITIVE_INFINITY;
    this.bytesPerSecond = Number.POSITIVE_INFINITY;
    this.thaw();
  }

  /** The size of the next piece when `available` bytes are there. */
  pieceSize(available: number): number {
    const slice = Math.max(1, Math.floor(this.bytesPerSecond / SLICES_PER_SECOND));
    return Math.min(available, this.chunkBytes, slice);
  }

  /** Waits until bytes may pass. */
  async passage(): Promise<void> {
    while (this.#frozen) await this.#frozen.thawed;
  }

  /** Waits as long as the link is busy with a piece that was just written. */
  async pace(size: number, signal: AbortSignal): Promise<void> {
    if (Number.isFinite(this.bytesPerSecond)) {
      await wait((size * 1_000) / this.bytesPerSecond, undefined, { signal });
    } else if (Number.isFinite(this.chunkBytes)) {
      await settled();
    }
  }
}
