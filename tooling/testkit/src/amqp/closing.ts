import assert from 'node:assert/strict';
import { nameOf } from './codec.ts';
import type { Methods } from './methods.ts';

/** Compares why something was closed with what was to be; `none` stands for no method. */
export function checkClosing(
  { replyCode, replyText, methodId = 0 }: Methods['channel.close'],
  expectedCode: number,
  method?: string,
): void {
  const blamed = methodId === 0 ? 'none' : nameOf(methodId);
  const closed = `closed with ${replyCode} ${replyText}, for ${blamed}`;
  assert.equal(replyCode, expectedCode, closed);
  if (method !== undefined) assert.equal(blamed, method, closed);
}
