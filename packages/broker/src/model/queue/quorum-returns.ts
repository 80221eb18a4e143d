import type { Field } from '../../base/field.ts';
import type { ProfileRules } from '../../base/profile.ts';
import type { Content, Entry } from '../message.ts';

/**
 * Why an entry comes back: `basic.nack` or `basic.reject` with requeue; or `lost`, which is everything else, such as
 * the end of its channel.
 */
export type RequeueCause = 'nack' | 'reject' | 'lost';

/** What a client rejected an entry for good with. */
export type DiscardCause = 'nack' | 'reject';

/** Counts that an entry came back. Returns whether it came back more often than the limit allows. */
export function countReturn(
  entry: Entry,
  cause: RequeueCause,
  limit: number | undefined,
  rules: ProfileRules,
): boolean {
  entry.acquiredCount += 1;
  if (cause !== 'nack' || rules.nackCounts) entry.deliveryCount += 1;
  return limit !== undefined && entry.deliveryCount > limit;
}

/**
 * The content of an entry of a quorum queue, with headers that say how often it came back, if it did; or that it did
 * not, where `basic.get` says so.
 */
export function countedContent(entry: Entry, rules: ProfileRules): Content {
  const { content } = entry.message;
  const saysNever = entry.fetched && rules.getCountsFirst;
  const { deliveryCount, acquiredCount } = entry;
  if (deliveryCount === 0 && acquiredCount === 0 && !saysNever) return content;
  const { properties } = content;
  const headers = new Map(properties.headers);
  if (deliveryCount > 0 || saysNever) headers.set('x-delivery-count', long(deliveryCount));
  // A dead letter that has not come back yet counts as it did where it died.
  if (rules.acquiredCount) headers.set('x-acquired-count', long(acquiredCount || deliveryCount));
  return content.with({ ...properties, headers });
}

function long(value: number): Field {
  return { type: 'l', value: BigInt(value) };
}
