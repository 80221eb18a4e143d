import { setTimeout as pause } from 'node:timers/promises';
import { type BrokerOptions, ServiceBroker } from 'moleculer';
import type { NodePeer } from './peer.ts';

/** `moleculer` with its transporter for AMQP: two nodes in one process. */
export const moleculer: NodePeer = {
  runs: 'node',
  name: 'moleculer',
  title: 'moleculer',
  packages: ['moleculer', 'amqplib'],
  guarantee: {
    confirms: false,
    acks: 'one by one, after the reply was sent',
    recovers: true,
    remark: 'queues of its own; no durable events over AMQP, so calls only',
  },
  cannot: {},
  formats: ['json'],

  callee: async ({ url }, methods, prefetch, method) => {
    const broker = new ServiceBroker(optionsOf(url, methods, 'callee', prefetch));
    broker.createService({
      name: SERVICE,
      actions: Object.fromEntries(
        methods.map((_, index) => [
          actionOf(index),
          ({ params }: { params: unknown }) => method(params),
        ]),
      ),
    });
    await broker.start();
    await pause(QUEUES_COME_MS);
  },

  caller: async ({ url }, methods) => {
    const broker = new ServiceBroker(optionsOf(url, methods, 'caller', 100));
    await broker.start();
    await broker.waitForServices(SERVICE, 10_000);
    const names = new Map(methods.map((name, index) => [name, `${SERVICE}.${actionOf(index)}`]));
    return (name, args) => broker.call(names.get(name) ?? '', args);
  },
};

const SERVICE = 'math';
/** The queues of actions come about a second after the start; a call before that is lost. */
const QUEUES_COME_MS = 2_000;

function actionOf(index: number): string {
  return `multiply${index}`;
}

function optionsOf(
  url: string,
  methods: readonly string[],
  nodeID: string,
  prefetch: number,
): BrokerOptions {
  const [namespace = ''] = methods;
  return {
    nodeID,
    namespace,
    logger: false,
    disableBalancer: true, // the broker has callees take turns, by one queue for each action
    requestTimeout: 120_000,
    transporter: {
      type: 'AMQP',
      options: {
        url,
        prefetch,
        socketOptions: { noDelay: true },
        queueOptions: { expires: 60_000 }, // they are not deleted otherwise
        exchangeOptions: { autoDelete: true },
      },
    },
  };
}
