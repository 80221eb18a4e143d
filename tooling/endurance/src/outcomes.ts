import { errorCodes, LeveretError } from '@leveret/core';

/** How a call ended well. */
export const RESULT = 'result';
/** A call was given the result of something else. */
export const WRONG_RESULT = 'wrong result';
/** What was thrown is no error of the library. */
export const FOREIGN = 'not a LeveretError';

/** All ways in which tasks and calls can end; between processes they travel as numbers. */
const OUTCOMES: readonly string[] = [RESULT, WRONG_RESULT, FOREIGN, ...Object.keys(errorCodes)];

const numbers = new Map(OUTCOMES.map((name, index) => [name, index]));

/** The number of an outcome. */
export function outcomeNumber(name: string): number {
  return numbers.get(name) ?? outcomeNumber(FOREIGN);
}

/** The outcome of that number. */
export function outcomeName(number: number): string {
  return OUTCOMES[number] ?? FOREIGN;
}

/** The outcome that a thrown value stands for. */
export function outcomeOf(error: unknown): string {
  return error instanceof LeveretError ? error.code : FOREIGN;
}
