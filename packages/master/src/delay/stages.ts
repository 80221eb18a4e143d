import { type HeaderTable, InvalidMessageError } from '@leveret/core';
import { stageHeader } from '../headers.ts';

/**
 * A delay is written as a number with a digit for each stage, and a message waits in one queue at each stage
 * whose digit is not 0. All messages in one queue wait equally long, so none holds up another.
 *
 * Above a minute the digits are bits, the longest first, after the delay infrastructure of NServiceBus on
 * RabbitMQ. The last 66 seconds are two digits instead, of ten values and eleven: a delay below is two waits at
 * most where bits would take up to seven. Of these the short one comes first, so that only a broker that is away
 * in the first seconds of a short delay, or when it is due, makes it late.
 */
export interface Stage {
  readonly name: string;
  /** What one step of its digit waits, in milliseconds. */
  readonly unit: number;
  /** The highest digit; 0 is no wait. */
  readonly digits: number;
}

/** Delays are rounded up to a multiple of so many milliseconds. */
export const PRECISION = 600;

const FINE: Stage = { name: 'fine', unit: PRECISION, digits: 9 };
const COARSE: Stage = { name: 'coarse', unit: 6_000, digits: 10 };
const MINUTE = 66_000;
/** With a minute and so many bits a year can be written. */
const BITS = 19;

/** The stages, the last one first: each passes on to the one before it in this list. */
export const STAGES: readonly Stage[] = [
  COARSE,
  FINE,
  ...Array.from({ length: BITS }, (_, bit) => ({
    name: `long-${String(bit).padStart(2, '0')}`,
    unit: MINUTE * 2 ** bit,
    digits: 1,
  })),
];

/** The longest delay, in milliseconds: 400 days. */
export const LONGEST_DELAY: number = MINUTE * 2 ** BITS - PRECISION;

/** The way of a message through the stages. */
export interface Route {
  /** Index of the stage that it begins with. */
  readonly first: number;
  /** The digits that are not 0, as headers to route by. */
  readonly headers: HeaderTable;
}

/** The way that takes a delay, rounded up; undefined for one of 0. */
export function routeOf(delay: number): Route | undefined {
  const units = Math.ceil(delay / PRECISION);
  const headers: Record<string, number> = {};
  let first: number | undefined;
  for (const [index, stage] of STAGES.entries()) {
    const digit = digitOf(stage, units);
    if (digit === 0) continue;
    headers[stageHeader(stage.name)] = digit;
    first = index;
  }
  return first === undefined ? undefined : { first, headers };
}

/** The digit of a stage in so many units of precision. */
function digitOf({ unit, digits }: Stage, units: number): number {
  return Math.floor(units / (unit / PRECISION)) % (digits + 1);
}

/** Refuses what is no delay. Errors: `INVALID_MESSAGE`, naming the field. */
export function checkDelay(field: string, delay: number): number {
  if (typeof delay === 'number' && delay >= 0 && delay <= LONGEST_DELAY) return delay;
  throw new InvalidMessageError(
    field,
    delay,
    `must be a number of milliseconds from 0 to ${LONGEST_DELAY} (400 days)`,
  );
}
