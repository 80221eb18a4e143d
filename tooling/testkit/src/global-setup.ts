import { openBrokerGate } from './broker-gate.ts';
import { TestkitError } from './errors.ts';
import { findRabbitServer } from './rabbit/find.ts';
import type { RabbitNode } from './rabbit/node.ts';
import { startRabbitNode } from './rabbit/start.ts';

/** Where the tests of a run find their broker. */
export type BrokerSource =
  /** A broker that runs anyway, named by LEVERET_TEST_AMQP_URL. */
  | { readonly kind: 'given'; readonly url: string }
  /** A private node, started at the first request. */
  | { readonly kind: 'gate'; readonly port: number }
  | { readonly kind: 'none' };

declare module 'vitest' {
  interface ProvidedContext {
    /** Read it through `describeWithBroker` or `brokerUrl`. */
    leveretBroker: BrokerSource;
  }
}

/** The part of vitest's `TestProject` that the setup uses. */
export interface SetupProject {
  provide(key: 'leveretBroker', source: BrokerSource): void;
  readonly vitest: { readonly logger: { log(line: string): void } };
}

/** Closes what a run used. */
type Teardown = () => Promise<void>;

/** Offers a private node that nobody pays for until the first test asks for it. */
async function offerNode(project: SetupProject): Promise<Teardown> {
  let node: RabbitNode | undefined;
  const gate = await openBrokerGate(async () => {
    node = await startRabbitNode();
    return node.url;
  });
  project.provide('leveretBroker', { kind: 'gate', port: gate.port });
  return async () => {
    await gate[Symbol.asyncDispose]();
    await node?.[Symbol.asyncDispose]();
  };
}

/**
 * Global setup for vitest's root configuration: one broker for all projects of a run.
 *
 * @throws TestkitError when RabbitMQ is not installed and LEVERET_REQUIRE_ALL is 1.
 */
export default async function setup(project: SetupProject): Promise<Teardown | undefined> {
  const { LEVERET_TEST_AMQP_URL: url, LEVERET_REQUIRE_ALL: requireAll } = process.env;
  if (url !== undefined && url !== '') {
    project.provide('leveretBroker', { kind: 'given', url });
    return undefined;
  }
  if (findRabbitServer() !== undefined) return offerNode(project);
  if (requireAll === '1') {
    throw new TestkitError(
      'LEVERET_REQUIRE_ALL is set but RabbitMQ is not installed: install the package rabbitmq-server or set LEVERET_TEST_AMQP_URL.',
    );
  }
  project.provide('leveretBroker', { kind: 'none' });
  project.vitest.logger.log(
    'Tests on a real broker are skipped: install the package rabbitmq-server or set LEVERET_TEST_AMQP_URL to run them.',
  );
  return undefined;
}
