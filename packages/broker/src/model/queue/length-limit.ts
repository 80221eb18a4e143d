import type { Message } from '../message.ts';
import type { QueueArguments } from './queue-arguments.ts';

/** A quorum queue that refuses takes messages again below this part of its limit (rabbit_fifo.erl). */
const LOW_MARK = 0.8;

/** `x-max-length` and `x-max-length-bytes`: how many messages may wait, and how many bytes their bodies may have. */
export class LengthLimit {
  readonly #args: QueueArguments;
  readonly #maxLength: number;
  readonly #maxBytes: number;
  #length = 0;
  #bytes = 0;
  /** Whether a quorum queue was too long, and has not been short enough since. */
  #closed = false;

  constructor(args: QueueArguments) {
    this.#args = args;
    this.#maxLength = args.maxLength ?? Number.POSITIVE_INFINITY;
    this.#maxBytes = args.maxLengthBytes ?? Number.POSITIVE_INFINITY;
  }

  /** A message waits. */
  add(message: Message): void {
    this.#length += 1;
    this.#bytes += message.content.bodySize;
  }

  /** It waits no longer. */
  remove(message: Message): void {
    this.#length -= 1;
    this.#bytes -= message.content.bodySize;
  }

  /** Whether messages at the head have to go. */
  get exceeded(): boolean {
    return this.#args.overflow === 'drop-head' && this.#isOver(this.#length, this.#bytes);
  }

  /** Whether the queue does not take the message. */
  refuses(message: Message): boolean {
    if (this.#args.overflow === 'drop-head') return false;
    if (this.#args.type === 'classic')
      return this.#isOver(this.#length + 1, this.#bytes + message.content.bodySize);
    // A quorum queue tells publishers once it is too long, so that it takes one message too many.
    this.#closed = this.#closed ? !this.#isLow() : this.#isOver(this.#length, this.#bytes);
    return this.#closed;
  }

  #isOver(length: number, bytes: number): boolean {
    return length > this.#maxLength || bytes > this.#maxBytes;
  }

  #isLow(): boolean {
    const { trunc } = Math;
    return (
      this.#length <= trunc(this.#maxLength * LOW_MARK) &&
      this.#bytes <= trunc(this.#maxBytes * LOW_MARK)
    );
  }
}
