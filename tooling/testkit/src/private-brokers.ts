import { type Broker, startBroker } from '@leveret/broker';
import { findRabbitServer } from './rabbit/find.ts';
import { startRabbitNode } from './rabbit/start.ts';

/** A broker that one test file has for itself, to stop and start. */
export interface PrivateBroker extends AsyncDisposable {
  /** Stays the same over restarts. */
  readonly url: string;
  /** Blocks whoever publishes, for want of memory. */
  block(): Promise<void>;
  unblock(): Promise<void>;
  /** Has everything durable that was declared so far survive a `kill`. */
  sync(): Promise<void>;
  /** Shuts it down as an operator would. */
  stop(): Promise<void>;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again, with what is durable. */
  start(): Promise<void>;
}

/** A private broker that is still to be started. */
export interface PrivateBrokerChoice {
  /** What it is, for titles. */
  readonly name: string;
  start(): Promise<PrivateBroker>;
}

/** The private brokers that tests can have on this machine: the embedded one, and RabbitMQ where it is installed. */
export function privateBrokers(): readonly PrivateBrokerChoice[] {
  const embedded = { name: 'embedded broker', start: startEmbedded };
  const rabbit = { name: 'RabbitMQ', start: startRabbit };
  return findRabbitServer() === undefined ? [embedded] : [embedded, rabbit];
}

async function startRabbit(): Promise<PrivateBroker> {
  const node = await startRabbitNode();
  return {
    url: node.url,
    block: () => node.block(),
    unblock: () => node.unblock(),
    sync: () => node.sync(),
    stop: () => node.stop(),
    kill: () => node.kill(),
    start: () => node.start(),
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  };
}

async function startEmbedded(): Promise<PrivateBroker> {
  const broker = await startBroker();
  return {
    url: broker.url,
    block: async () => void broker.faults.block(),
    unblock: async () => broker.faults.clear(),
    sync: async () => {},
    stop: async () => end(broker, () => broker.faults.closeConnections()),
    kill: async () => end(broker, () => broker.faults.dropConnections()),
    start: async () => {
      broker.faults.restart();
      broker.faults.clear();
    },
    [Symbol.asyncDispose]: () => broker.close(),
  };
}

/** It has no process of its own that could end: while it is down, it refuses whoever comes. */
function end(broker: Broker, cut: () => void): void {
  broker.faults.refuseConnections();
  cut();
}
