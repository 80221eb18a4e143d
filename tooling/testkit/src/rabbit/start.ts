import { randomUUID } from 'node:crypto';
import { freePort } from '../ports.ts';
import { createNode, onFreePorts, type RabbitNodeOptions } from './create.ts';
import type { RabbitNode } from './node.ts';
import { startPortMapper } from './port-mapper.ts';

/**
 * Starts a private RabbitMQ node on free ports of 127.0.0.1 and waits until it takes connections. It lives until it is
 * disposed or until this process ends, however that happens.
 *
 * @example
 * await using node = await startRabbitNode();
 * await node.ctl('list_queues');
 *
 * @throws TestkitError when RabbitMQ is not installed or the node does not come up in time.
 */
export function startRabbitNode(options: RabbitNodeOptions = {}): Promise<RabbitNode> {
  return onFreePorts(async () => {
    const [amqp, dist] = await Promise.all([freePort(), freePort()]);
    const node = await createNode(options, {
      name: 'leveret@localhost',
      cookie: randomUUID(),
      ports: { amqp, dist },
      mapper: await startPortMapper(),
    });
    try {
      await node.start();
      return node;
    } catch (error) {
      await node[Symbol.asyncDispose]();
      throw error;
    }
  });
}
