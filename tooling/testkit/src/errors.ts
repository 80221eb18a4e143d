/** What the testkit throws: the message says what happened and what to do about it. */
export class TestkitError extends Error {
  override readonly name = 'TestkitError';
}
