import type { ChannelEnd, DriverChannel } from '../driver/driver.ts';
import type { LeveretErrorCode } from '../errors/codes.ts';
import { describe, LeveretError } from '../errors/leveret-error.ts';
import { deferred, ignore } from '../internal/deferred.ts';
import type { Asides } from './asides.ts';
import type { Publication } from './publication.ts';
import { UNHEARD } from './unheard.ts';

/** Why the broker closed a channel. */
export type ClosedByBroker = Extract<ChannelEnd, { kind: 'channel' }>;

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
  asides: Asides,
): Promise<void> {
  if (close.replyCode === NOT_FOUND) await findMissingExchanges(suspects, asides);
  else for (const suspect of suspects) if (await sendAlone(suspect, asides)) return;
}

async function findMissingExchanges(
  suspects: readonly Publication[],
  asides: Asides,
): Promise<void> {
  const exchanges = new Set(suspects.map(({ message }) => message.exchange));
  exchanges.delete(''); // the default exchange is always there
  for (const exchange of exchanges) {
    const ask = (channel: DriverChannel): Promise<void> => channel.checkExchange(exchange);
    const missing = await asides.absence('exchange.declare', ask);
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

/** Sends one message on a channel of its own. Gives whether it was the culprit. */
async function sendAlone(suspect: Publication, asides: Asides): Promise<boolean> {
  const outcome = deferred<'confirmed' | 'refused' | ChannelEnd>();
  let returned = false;
  const channel = await asides.open({
    ...UNHEARD,
    ended: (end) => outcome.resolve(end),
    confirmed: (_tag, _multiple, ok) => outcome.resolve(ok && !returned ? 'confirmed' : 'refused'),
    returned: () => {
      returned = true;
    },
  });
  let end: 'confirmed' | 'refused' | ChannelEnd;
  try {
    await asides.within('confirm.select', channel.selectConfirms());
    if (!isSent(suspect, channel)) return false;
    end = await asides.within('publish', outcome.promise);
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

/** Sends one; what cannot be written fails, and was no culprit. */
function isSent({ message, settle }: Publication, channel: DriverChannel): boolean {
  try {
    channel.publish(message);
    return true;
  } catch (error) {
    settle(LeveretError.from(error, 'INVALID_MESSAGE'));
    return false;
  }
}

/** The error of the publish that the broker closed a channel over. */
export function publishRefused({ replyCode, replyText }: ClosedByBroker): LeveretError {
  const code = CODES.get(replyCode) ?? 'REFUSED';
  return new LeveretError(code, `${replyText} (reply code ${replyCode})`);
}
