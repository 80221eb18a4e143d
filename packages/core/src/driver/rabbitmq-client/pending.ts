/**
 * Requests under way on a channel: none of them outlives it. The driver forgets some, such as
 * one that was answered by another method than it asked for.
 */
export class Pending {
  readonly #rejects = new Set<(cause: Error) => void>();
  #cause: Error | undefined;

  /** Settles as `request` does, or rejects once it is over. */
  add<T>(request: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#rejects.add(reject);
      request.then(resolve, reject).finally(() => this.#rejects.delete(reject));
      if (this.#cause) reject(this.#cause);
    });
  }

  /** It is over: rejects what is under way, and whatever is added later. */
  end(cause: Error): void {
    this.#cause ??= cause;
    for (const reject of this.#rejects) reject(this.#cause);
    this.#rejects.clear();
  }
}
