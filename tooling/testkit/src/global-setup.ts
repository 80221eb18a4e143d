import { startBroker } from '@leveret/broker';
import { openBrokerGate } from './broker-gate.ts';
import { TestkitError } from './errors.ts';
import { findRabbitServer } from './rabbit/find.ts';
import type { RabbitNode } from './rabbit/node.ts';
import { startRabbitNode } from './rabbit/start.ts';

/** A broker that the tests of a run may use. */
export type BrokerSource = {
  /** What it is, for titles. */
  readonly name: string;
  /** Whether it is the embedded broker. */
  readonly isEmbedded: boolean;
} & (
  | { readonly kind: 'running'; readonly url: string }
  /** A private node, started at the first request. */
  | { readonly kind: 'gate'; readonly port: number }
);

declare module 'vitest' {
  interface ProvidedContext {
    /** Read it through `describeWithBroker`. */
    leveretBrokers: readonly BrokerSource[];
  }
}

/** The part of vitest's `TestProject` that the setup uses. */
export interface SetupProject {
  provide(key: 'leveretBrokers', sources: readonly BrokerSource[]): void;
  readonly vitest: { readonly logger: { log(line: string): void } };
}

/** A broker on offer, and how it is closed. */
interface Offer extends AsyncDisposable {
  readonly source: BrokerSource;
}

/** The embedded broker, which every run has. */
async function offerEmbedded(): Promise<Offer> {
  const broker = await startBroker();
  return {
    source: { kind: 'running', name: 'embedded broker', isEmbedded: true, url: broker.url },
    [Symbol.asyncDispose]: () => broker.close(),
  };
}

/** A private node that nobody pays for until the first test asks for it. */
async function offerNode(): Promise<Offer> {
  let node: RabbitNode | undefined;
  const gate = await openBrokerGate(async () => {
    node = await startRabbitNode();
    return node.url;
  });
  return {
    source: { kind: 'gate', name: 'RabbitMQ', isEmbedded: false, port: gate.port },
    [Symbol.asyncDispose]: async () => {
      await gate[Symbol.asyncDispose]();
      await node?.[Symbol.asyncDispose]();
    },
  };
}

/**
 * RabbitMQ: one that runs anyway, or the program that is installed.
 *
 * @throws TestkitError when there is none and LEVERET_REQUIRE_ALL is 1
 */
async function offerRabbit(): Promise<Offer | undefined> {
  const { LEVERET_TEST_AMQP_URL: url, LEVERET_REQUIRE_ALL: requireAll } = process.env;
  if (url !== undefined && url !== '') {
    const name = 'LEVERET_TEST_AMQP_URL';
    const source: BrokerSource = { kind: 'running', name, isEmbedded: false, url };
    return { source, [Symbol.asyncDispose]: async () => {} };
  }
  if (findRabbitServer() !== undefined) return offerNode();
  if (requireAll !== '1') return undefined;
  throw new TestkitError(
    'LEVERET_REQUIRE_ALL is set but RabbitMQ is not installed: install the package rabbitmq-server or set LEVERET_TEST_AMQP_URL.',
  );
}

/**
 * Global setup for vitest's root configuration: the brokers of a run, shared by all its projects. One line says which. With
 * LEVERET_TEST_EMBEDDED=0 it is RabbitMQ alone, where there is one.
 *
 * @throws TestkitError when RabbitMQ is not installed and LEVERET_REQUIRE_ALL is 1.
 */
export default async function setup(project: SetupProject): Promise<() => Promise<void>> {
  const rabbit = await offerRabbit();
  const embedded = await offerEmbedded();
  const isAlone = process.env['LEVERET_TEST_EMBEDDED'] === '0' && rabbit !== undefined;
  const offers = [...(isAlone ? [] : [embedded]), ...(rabbit === undefined ? [] : [rabbit])];
  const sources = offers.map(({ source }) => source);
  project.provide('leveretBrokers', sources);
  const names = sources.map(({ name }) => name).join(' and ');
  const hint =
    rabbit === undefined
      ? ' (and on RabbitMQ where its program is installed or LEVERET_TEST_AMQP_URL set)'
      : '';
  project.vitest.logger.log(`Tests that need a broker run on: ${names}${hint}`);
  return async () => {
    await embedded[Symbol.asyncDispose]();
    await rabbit?.[Symbol.asyncDispose]();
  };
}
