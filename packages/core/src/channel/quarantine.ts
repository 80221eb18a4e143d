import type { ChannelEnd, DriverChannel, DriverChannelEvents } from '../driver/driver.ts';
import type { LeveretErrorCode } from '../errors/codes.ts';
import { describe, LeveretError } from '../errors/leveret-error.ts';
import type { Clock } from '../internal/clock.ts';
import { withDeadline } from '../internal/deadline.ts';
import { deferred, ignore } from '../internal/deferred.ts';
import type { Publication } from './publisher.ts';
import { UNHEARD } from './unheard.ts';

/** Why the broker closed a channel. */
export type ClosedByBroker = Extract<ChannelEnd, { kind: 'channel' }>;

/** What the search for a culprit needs. */
export interface QuarantineTools {
  /** Opens a channel beside the one that was lost. */
  open(events: DriverChannelEvents): Promise<DriverChannel>;
  readonly clock: Clock;
  /** Milliseconds for each request. */
  readonly timeout: number;
}

const NOT_FOUND = 404;

const CODES: ReadonlyMap<number, LeveretErrorCode> = new Map([
  [403, 'ACCESS_REFUSED'],
  [NOT_FOUND, 'EXCHANGE_NOT_FOUND'],
  [406, 'PRECONDITION_FAILED'],
]);

/**
 * Finds which of the unconfirmed publishes the broker closed the channel over, and settles those: AMQP does
 * not say. Missing exchanges (404) are found by asking for each exchange; for any other reason each message
 * is sent again alone, on a channel that harms nobody else when it closes. The rest stay unsettled.
 */
export async function quarantine(
  suspects: readonly Publication[],
  close: ClosedByBroker,
  tools: QuarantineTools,
): Promise<void> {
  if (close.replyCode === NOT_FOUND) await findMissingExchanges(suspects, tools);
  else for (const suspect of suspects) if (await sendAlone(suspect, tools)) return;
}

async function findMissingExchanges(
  suspects: readonly Publication[],
  tools: QuarantineTools,
): Promise<void> {
  const exchanges = new Set(suspects.map(({ message }) => message.exchange));
  exchanges.delete(''); // the default exchange is always there
  for (const exchange of exchanges) {
    const missing = await isMissing(exchange, tools);
    if (!missing) continue;
    for (const { message, settle } of suspects)
      if (message.exchange === exchange)
        settle(
          new LeveretError('EXCHANGE_NOT_FOUND', `there is no exchange ${describe(exchange)}`, {
            cause: missing,
          }),
        );
  }
}

async function isMissing(
  exchange: string,
  tools: QuarantineTools,
): Promise<LeveretError | undefined> {
  const { clock, timeout } = tools;
  const channel = await tools.open(UNHEARD);
  try {
    await withDeadline(channel.checkExchange(exchange), 'exchange.declare', timeout, clock);
  } catch (error) {
    if (error instanceof LeveretError && error.code === 'NOT_FOUND') return error;
    throw error;
  } finally {
    channel.close().catch(ignore);
  }
  return undefined;
}

/** Sends one message on a channel of its own. Gives whether it was the culprit. */
async function sendAlone(suspect: Publication, tools: QuarantineTools): Promise<boolean> {
  const { clock, timeout } = tools;
  const outcome = deferred<'confirmed' | 'refused' | ChannelEnd>();
  let returned = false;
  const channel = await tools.open({
    ...UNHEARD,
    ended: (end) => outcome.resolve(end),
    confirmed: (_tag, _multiple, ok) => outcome.resolve(ok && !returned ? 'confirmed' : 'refused'),
    returned: () => {
      returned = true;
    },
  });
  let end: 'confirmed' | 'refused' | ChannelEnd;
  try {
    await withDeadline(channel.selectConfirms(), 'confirm.select', timeout, clock);
    channel.publish(suspect.message);
    end = await withDeadline(outcome.promise, 'publish', timeout, clock);
  } finally {
    channel.close().catch(ignore);
  }
  if (typeof end === 'string') {
    if (end === 'confirmed') suspect.settle();
    return false; // one that was refused or returned is sent again on the channel proper, and told there
  }
  if (end.kind === 'connection') throw new LeveretError('CONNECTION_LOST', end.cause.message, end);
  suspect.settle(publishRefused(end));
  return true;
}

/** The error of the publish that the broker closed a channel over. */
export function publishRefused({ replyCode, replyText }: ClosedByBroker): LeveretError {
  const code = CODES.get(replyCode) ?? 'REFUSED';
  return new LeveretError(code, `${replyText} (reply code ${replyCode})`);
}
