import { randomUUID } from 'node:crypto';
import { beforeAll, describe, inject } from 'vitest';
import { askBrokerGate } from './broker-gate.ts';
import { TestkitError } from './errors.ts';
import type {} from './global-setup.ts';

const BOOT_TIMEOUT_MS = 120_000;

/** Whether this run has a real broker; where it has none, tests that need one are skipped. */
export function hasBroker(): boolean {
  return inject('leveretBroker').kind !== 'none';
}

/**
 * The URL of the run's real broker, which is shared by all test files: use names of your own. The first call of a run
 * boots it, which takes 5 to 11 s.
 *
 * @throws TestkitError when the run has no broker (ask `hasBroker` first) or it could not be started.
 */
export async function brokerUrl(): Promise<string> {
  const source = inject('leveretBroker');
  switch (source.kind) {
    case 'given':
      return source.url;
    case 'gate':
      return askBrokerGate(source.port);
    case 'none':
      throw new TestkitError('this run has no real broker: guard the test with hasBroker()');
  }
}

/**
 * A `describe` for tests on the run's real broker, skipped where there is none. `getUrl` gives the broker's URL inside
 * tests and hooks.
 *
 * @example
 * describeWithBroker('Connection', (getUrl) => {
 *   test('opens', async () => {
 *     await using connection = await connect({ url: getUrl() });
 *   });
 * });
 */
export function describeWithBroker(title: string, define: (getUrl: () => string) => void): void {
  describe.skipIf(!hasBroker())(title, () => {
    let url: string | undefined;
    beforeAll(async () => {
      url = await brokerUrl();
    }, BOOT_TIMEOUT_MS);
    define(() => {
      if (url === undefined) throw new TestkitError('getUrl() works inside tests and hooks only');
      return url;
    });
  });
}

/** A name that no other test and no other run uses, such as `orders-3f2a…`. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomUUID()}`;
}
