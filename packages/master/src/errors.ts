import { LeveretError, type LeveretErrorCode } from '@leveret/core';

/** Whether something that was thrown is an error of ours with that code. */
export function hasCode(error: unknown, code: LeveretErrorCode): boolean {
  return error instanceof LeveretError && error.code === code;
}

/** For what fails and is seen elsewhere; whoever uses it says where. */
export function ignore(): void {}
