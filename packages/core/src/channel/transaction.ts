import { AsyncLocalStorage } from 'node:async_hooks';
import type { ChannelEnd, DriverChannel } from '../driver/driver.ts';
import { LeveretError, TimeoutError } from '../errors/leveret-error.ts';
import { withDeadline } from '../internal/deadline.ts';
import { ignore } from '../internal/deferred.ts';
import type { WireMessage } from '../message/message.ts';
import { ReturnedMessage } from '../message/received.ts';
import { UnroutableError } from '../message/unroutable-error.ts';
import { publishRefused } from './quarantine.ts';
import type { Session } from './session.ts';

interface Scope {
  readonly channel: DriverChannel;
  /** Ids of messages whose return fails nothing. */
  readonly tolerant: Set<string | undefined>;
  open: boolean;
}

/**
 * Transactions of one channel. A channel with confirms cannot have transactions, so each runs on a channel
 * of its own, beside it; what is published within the callback, and only that, goes there.
 */
export class Transactions {
  readonly #session: Session;
  readonly #scopes = new AsyncLocalStorage<Scope>();
  #used = false;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Sends within the transaction that the caller is in; false where it is in none. */
  publish(message: WireMessage, rejectReturned: boolean): boolean {
    if (!this.#used) return false;
    const scope = this.#scopes.getStore();
    if (!scope) return false;
    if (!scope.open) throw new LeveretError('CLOSED', 'the transaction has ended');
    if (!rejectReturned) scope.tolerant.add(message.messageId);
    scope.channel.publish(message);
    return true;
  }

  /** Runs `fn`, then commits; rolls back when it throws. */
  async run<T>(fn: () => T | Promise<T>, timeout: number): Promise<T> {
    const { clock, returns } = this.#session;
    let returned: ReturnedMessage | undefined;
    let end: ChannelEnd | undefined;
    const tolerant: Scope['tolerant'] = new Set();
    let isLate = false;
    const opening = this.#session.operation(
      'tx.select',
      async () => {
        const aside = await this.#session.asides.open({
          ended: (told) => {
            end = told;
          },
          confirmed: ignore,
          cancelled: ignore,
          writable: ignore,
          returned: (message) => {
            if (tolerant.has(message.messageId)) returns.emit(new ReturnedMessage(message));
            else returned ??= new ReturnedMessage(message);
          },
        });
        try {
          await withDeadline(aside.selectTransactions(), 'tx.select', timeout, clock);
          if (isLate) throw new TimeoutError('tx.select', timeout);
          return aside;
        } catch (error) {
          aside.close().catch(ignore); // nobody else has it
          throw error;
        }
      },
      { aside: true, timeout },
    );
    const channel = await opening.catch((error: unknown) => {
      isLate = true;
      throw error;
    });
    const scope: Scope = { channel, tolerant, open: true };
    const within = (promise: Promise<void>, name: string): Promise<void> =>
      withDeadline(promise, name, timeout, clock);
    this.#used = true;
    try {
      const result = await this.#scopes
        .run(scope, async () => fn())
        .catch(async (error: unknown) => {
          await within(channel.rollback(), 'tx.rollback').catch(ignore);
          throw error;
        });
      await within(channel.commit(), 'tx.commit').catch((error: unknown) => {
        throw end?.kind === 'channel' && end.publish ? publishRefused(end) : error;
      });
      if (returned) throw new UnroutableError(returned);
      return result;
    } finally {
      scope.open = false;
      channel.close().catch(ignore);
    }
  }
}
