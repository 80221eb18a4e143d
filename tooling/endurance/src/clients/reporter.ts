import process from 'node:process';
import type { Connection } from '@leveret/core';
import { type FromClient, now, RECORD, STREAMS, type StreamName, WHAT } from '../protocol.ts';

const EVERY_MS = 50;
const FULL = 4_096 * RECORD;

/** Tells the rig what happens, many things at once. */
export class Reporter {
  #records: number[] = [];
  #events: Record<string, number> = {};
  #timer: NodeJS.Timeout | undefined;
  #leaving: Promise<void> | undefined;

  /** Notes one thing; it leaves with the next batch. */
  note(what: number, index: number, detail = 0): void {
    this.#records.push(what, index, now(), detail);
    if (this.#records.length >= FULL) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), EVERY_MS);
  }

  /** Resolves once all that was noted has left this process, so that a kill does not take it along. */
  written(): Promise<void> {
    this.#leaving ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#leaving = undefined;
        this.#flush(resolve);
      });
    });
    return this.#leaving;
  }

  /** Tells what a connection goes through; `stream` is what comes on it. */
  watch(connection: Connection, stream: StreamName): void {
    let up = true;
    connection.on('status', ({ state }) => {
      if (up && state === 'reconnecting') this.note(WHAT.lost, STREAMS.indexOf(stream));
      up = state === 'connected' || state === 'blocked';
    });
    connection.on('event', ({ type }) => {
      this.#events[type] = (this.#events[type] ?? 0) + 1;
    });
  }

  /** Something happened that must not. */
  problem(text: string): void {
    this.send({ kind: 'problem', text });
  }

  /** Sends what was noted, and then `message`. */
  send(message: FromClient): void {
    this.#flush();
    process.send?.(message);
  }

  #flush(done?: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const records = Float64Array.from(this.#records);
    this.#records = [];
    const events = this.#events;
    this.#events = {};
    const batch: FromClient = { kind: 'batch', records, events };
    process.send?.(batch, () => done?.());
  }
}
