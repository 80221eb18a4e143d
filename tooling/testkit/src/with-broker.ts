import { randomUUID } from 'node:crypto';
import { beforeAll, describe, inject } from 'vitest';
import { askBrokerGate } from './broker-gate.ts';
import { TestkitError } from './errors.ts';
import type { BrokerSource } from './global-setup.ts';

const BOOT_TIMEOUT_MS = 120_000;

function urlOf(source: BrokerSource): Promise<string> | string {
  return source.kind === 'running' ? source.url : askBrokerGate(source.port);
}

/**
 * A `describe` for tests that need a broker, once for each broker of the run: the embedded one, and RabbitMQ where it is
 * installed. Brokers are shared by all test files: use names of your own. `getUrl` gives the URL inside tests and hooks.
 *
 * @example
 * describeWithBroker('Connection', (getUrl) => {
 *   test('opens', async () => {
 *     await using connection = await connect(getUrl());
 *   });
 * });
 */
export function describeWithBroker(title: string, define: (getUrl: () => string) => void): void {
  describe.for(inject('leveretBrokers'))(`${title} ($name)`, (source) => {
    let url: string | undefined;
    beforeAll(async () => {
      url = await urlOf(source);
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
