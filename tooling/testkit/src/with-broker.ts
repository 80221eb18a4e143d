import { randomUUID } from 'node:crypto';
import { beforeAll, describe, inject } from 'vitest';
import { askBrokerGate } from './broker-gate.ts';
import { TestkitError } from './errors.ts';
import type { BrokerSource } from './global-setup.ts';

const BOOT_TIMEOUT_MS = 120_000;

/** Declares the tests for one broker. */
type Define = (getUrl: () => string) => void;

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
export function describeWithBroker(title: string, define: Define): void {
  describeWith(inject('leveretBrokers'), title, define);
}

/**
 * `describeWithBroker` for RabbitMQ alone. Skipped where it is not installed.
 */
export function describeWithRabbit(title: string, define: Define): void {
  const rabbits = inject('leveretBrokers').filter(({ isEmbedded }) => !isEmbedded);
  if (rabbits.length > 0) describeWith(rabbits, title, define);
  else describe.skip(`${title} (RabbitMQ is not installed)`, () => define(noBroker));
}

function describeWith(sources: readonly BrokerSource[], title: string, define: Define): void {
  describe.for(sources)(`${title} ($name)`, (source) => {
    let url: string | undefined;
    beforeAll(async () => {
      url = await urlOf(source);
    }, BOOT_TIMEOUT_MS);
    define(() => {
      return url ?? noBroker();
    });
  });
}

function noBroker(): never {
  throw new TestkitError('getUrl() works inside tests and hooks only');
}

/** A name that no other test and no other run uses, such as `orders-3f2a…`. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomUUID()}`;
}
