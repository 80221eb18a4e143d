import { type Broker, startBroker } from '@leveret/broker';
import { startRabbitNode, startTcpProxy } from '@leveret/testkit';
import { embeddedFaults, rabbitFaults } from './broker-faults.ts';
import { countInClassic } from './messages-in.ts';
import type { Rig } from './rig.ts';

/** A private RabbitMQ of one node. */
export async function rabbitRig(): Promise<Rig> {
  const node = await startRabbitNode();
  const proxy = await startTcpProxy({ host: '127.0.0.1', port: node.port });
  return {
    name: 'RabbitMQ, one node',
    urls: [proxy.url(node.url)],
    proxies: [proxy],
    quorum: false,
    faults: rabbitFaults(node),
    messagesIn: async (queue) => Number(await node.erlang(countInClassic(queue))),
    sync: () => node.sync(),
    kill: () => node.kill(),
    start: () => node.start(),
    [Symbol.asyncDispose]: async () => {
      await proxy.close();
      await node[Symbol.asyncDispose]();
    },
  };
}

/** The embedded broker, in this process. While it is "down" it refuses whoever comes. */
export async function embeddedRig(): Promise<Rig> {
  const broker: Broker = await startBroker();
  const proxy = await startTcpProxy({ host: '127.0.0.1', port: Number(new URL(broker.url).port) });
  return {
    name: 'embedded broker',
    urls: [proxy.url(broker.url)],
    proxies: [proxy],
    quorum: false,
    faults: embeddedFaults(broker),
    messagesIn: async (queue) => {
      const found = broker.inspect().queues.find(({ name }) => name === queue);
      return found ? found.ready + found.unacked : Number.NaN;
    },
    sync: async () => {},
    kill: async () => {
      broker.faults.refuseConnections();
      broker.faults.dropConnections();
    },
    start: async () => {
      broker.faults.restart();
      broker.faults.clear();
    },
    [Symbol.asyncDispose]: async () => {
      await proxy.close();
      await broker.close();
    },
  };
}
