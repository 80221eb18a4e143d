import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { ClientRMQ, type RmqContext, ServerRMQ } from '@nestjs/microservices';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import type { NodePeer } from './peer.ts';

const PATTERN = 'task';
const SOCKET = { connectionOptions: { noDelay: true } };

Logger.overrideLogger(false);

/** The transport of `@nestjs/microservices` for RabbitMQ, without the rest of NestJS. */
export const nestjs: NodePeer = {
  runs: 'node',
  name: 'nestjs',
  title: '@nestjs/microservices',
  packages: ['@nestjs/microservices', 'amqp-connection-manager', 'amqplib'],
  guarantee: {
    confirms: true,
    acks: 'one by one, by the handler; of a call before its reply',
    recovers: true,
    remark:
      'confirms calls and replies, too; replies by direct reply-to; looks for its broker every 5 s',
  },
  cannot: { queues: 'a server has one queue and one connection' },
  formats: ['json'],
  envelope: (task) => ({ pattern: PATTERN, data: task }),

  publisher: async ({ url }, queue) => {
    const client = await openClient(url, queue, true);
    return async (task) => void (await lastValueFrom(client.emit(PATTERN, task), NOTHING));
  },

  consumer: async ({ url }, queues, prefetch, handle) => {
    for (const queue of queues)
      await listen(url, queue, prefetch, (server) =>
        server.addHandler(
          PATTERN,
          async (body: unknown, context: RmqContext) => {
            const handled = handle(body);
            if (handled) await handled;
            context.getChannelRef().ack(context.getMessage());
          },
          true,
        ),
      );
  },

  callee: async ({ url }, methods, prefetch, method) => {
    for (const name of methods)
      await listen(url, name, prefetch, (server) =>
        server.addHandler(name, async (args: unknown, context: RmqContext) => {
          const result = await method(args);
          context.getChannelRef().ack(context.getMessage());
          return result;
        }),
      );
  },

  caller: async ({ url }, methods) => {
    const clients = new Map<string, ClientRMQ>();
    for (const name of methods) clients.set(name, await openClient(url, name, false));
    return async (name, args) => {
      const client = clients.get(name);
      if (!client) throw new Error(`no client for ${name}`);
      return await firstValueFrom(client.send(name, args));
    };
  },
};

const NOTHING = { defaultValue: undefined };

async function openClient(url: string, queue: string, persistent: boolean): Promise<ClientRMQ> {
  const client = new ClientRMQ({
    urls: [url],
    queue,
    noAssert: true,
    persistent,
    socketOptions: SOCKET,
  });
  await client.connect();
  return client;
}

async function listen(
  url: string,
  queue: string,
  prefetchCount: number,
  addHandler: (server: ServerRMQ) => void,
): Promise<void> {
  const server = new ServerRMQ({
    urls: [url],
    queue,
    noAssert: true,
    noAck: false,
    prefetchCount,
    socketOptions: SOCKET,
  });
  addHandler(server);
  await new Promise<void>((resolve, reject) => {
    void server.listen((error?: unknown) => (error ? reject(error) : resolve()));
  });
}
