import type { HeaderTable, IncomingMessage } from '@leveret/core';
import { tryOf, visibleHeaders } from './headers.ts';
import type { ContextChanges, TaskContext } from './types.ts';

/** What a handler learns of its task, read from the message when it is asked for. */
export class Context implements TaskContext {
  readonly name: string;
  readonly message: IncomingMessage;
  readonly payload: unknown;
  readonly #signal: AbortSignal | undefined;

  constructor(name: string, message: IncomingMessage, payload: unknown, signal?: AbortSignal) {
    this.name = name;
    this.message = message;
    this.payload = payload;
    this.#signal = signal;
  }

  get headers(): HeaderTable {
    return visibleHeaders(this.message.headers);
  }

  get signal(): AbortSignal {
    return this.#signal ?? this.message.signal;
  }

  get redelivered(): boolean {
    return this.message.redelivered;
  }

  get attempt(): number {
    return tryOf(this.message);
  }

  with(changes: ContextChanges): Context {
    const { payload, signal } = { payload: this.payload, signal: this.#signal, ...changes };
    return new Context(this.name, this.message, payload, signal);
  }
}
