import { BrokerError } from '../base/broker-error.ts';
import { systemClock } from '../base/clock.ts';
import type { Queue } from '../model/queue/queue.ts';
import type { VirtualHost } from '../model/vhost.ts';
import { type QueueInfo, queueInfo } from './inspect.ts';
import { whole } from './options.ts';

/** How long a wait may take unless told otherwise, in milliseconds. */
const PATIENCE_MS = 10_000;

/** How to wait for something. */
export interface WaitOptions {
  /** The virtual host of the queue; `/` unless given. */
  readonly vhost?: string;
  /** Milliseconds of real time, whatever clock the broker has; 10,000 unless given. */
  readonly timeout?: number;
}

/** Waits for queues to come to some state. Nothing is polled: a queue that changes is looked at again. */
export class Waiting {
  readonly #findVhost: (name: string) => VirtualHost | undefined;
  readonly #pending = new Set<(error: BrokerError) => void>();
  #closed = false;

  constructor(findVhost: (name: string) => VirtualHost | undefined) {
    this.#findVhost = findVhost;
  }

  /**
   * Resolves once the predicate is true of the queue.
   *
   * @param what what did not happen, in words, for the error: `did not get empty`
   * @throws BrokerError `TIMEOUT`, `CLOSED`, or `INVALID_ARGUMENT` for an unknown virtual host or a timeout that is
   *   no whole number; what the predicate throws
   */
  async until(
    name: string,
    what: string,
    predicate: (queue: QueueInfo) => boolean,
    { vhost: vhostName = '/', timeout = PATIENCE_MS }: WaitOptions,
  ): Promise<QueueInfo> {
    const vhost = this.#findVhost(vhostName);
    if (vhost === undefined) {
      throw new BrokerError(
        'INVALID_ARGUMENT',
        `vhost must be one of the broker's, got ${vhostName}`,
      );
    }
    whole('timeout', timeout, 0);
    if (this.#closed) throw closedError();
    return this.#wait(vhost, name, what, timeout, (queue) => {
      const info = queueInfo(queue);
      return predicate(info) ? info : undefined;
    });
  }

  #wait<T>(
    vhost: VirtualHost,
    name: string,
    what: string,
    timeout: number,
    check: (queue: Queue) => T | undefined,
  ): Promise<T> {
    let stop = (): void => {};
    const waited = new Promise<T>((resolve, reject) => {
      const look = (): void => {
        try {
          const queue = vhost.findQueue(name);
          const found = queue && check(queue);
          if (found !== undefined) resolve(found);
        } catch (error) {
          reject(error);
        }
      };
      const stopWatching = vhost.onChange(atEndOfTurn(look));
      const timer = systemClock.after(timeout, () =>
        reject(
          new BrokerError(
            'TIMEOUT',
            `queue '${name}' ${what} within ${timeout} ms: ${lastSeen(vhost.findQueue(name))}`,
          ),
        ),
      );
      this.#pending.add(reject);
      stop = () => {
        stopWatching();
        timer.cancel();
        this.#pending.delete(reject);
      };
      look();
    });
    return waited.finally(stop);
  }

  /** Rejects all that still wait. */
  close(): void {
    this.#closed = true;
    for (const reject of this.#pending) reject(closedError());
  }
}

function lastSeen(queue: Queue | undefined): string {
  if (queue === undefined) return 'there is no such queue';
  const { messageCount, unackedCount, consumerCount } = queue;
  return `it has ${messageCount} ready, ${unackedCount} unacked, ${consumerCount} consumers`;
}

function closedError(): BrokerError {
  return new BrokerError('CLOSED', 'the broker was closed');
}

/** Calls a function once at the end of a turn in which it was asked for, however often. */
function atEndOfTurn(fn: () => void): () => void {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    queueMicrotask(() => {
      asked = false;
      fn();
    });
  };
}
