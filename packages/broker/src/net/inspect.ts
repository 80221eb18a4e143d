import type { BrokerModel } from '../model/broker-model.ts';
import type { Exchange } from '../model/exchange.ts';
import type { Binding } from '../model/exchanges/binding.ts';
import type { Queue } from '../model/queue/queue.ts';
import type { VirtualHost } from '../model/vhost.ts';
import type { Traffic } from '../protocol/traffic.ts';
import { type PlainTable, plainTable } from './plain-table.ts';
import type { Client } from './server.ts';

/** A consumer of a queue. */
export interface ConsumerInfo {
  /** The consumer tag, which is unique on its channel. */
  readonly tag: string;
  /** Whether deliveries count as acknowledged when they are sent. */
  readonly noAck: boolean;
  /** Whether no other consumer is let in beside it. */
  readonly exclusive: boolean;
  /** Its `x-priority`; 0 unless given. */
  readonly priority: number;
  /** Whether it gets messages; false for those that wait behind a single active consumer. */
  readonly active: boolean;
}

/** A queue. */
export interface QueueInfo {
  /** The virtual host that it is in. */
  readonly vhost: string;
  /** Its name, also where the broker chose it. */
  readonly name: string;
  /** The kind that `x-queue-type` asked for. */
  readonly type: 'classic' | 'quorum';
  /** Whether it survives a restart. */
  readonly durable: boolean;
  /** Whether it belongs to one connection and goes with it. */
  readonly exclusive: boolean;
  /** Whether it goes with its last consumer. */
  readonly autoDelete: boolean;
  /** What it was declared with. */
  readonly arguments: PlainTable;
  /** Messages that wait. */
  readonly ready: number;
  /** Messages that were handed out and not settled. */
  readonly unacked: number;
  /** In the order in which they came. */
  readonly consumers: readonly ConsumerInfo[];
}

/** An exchange. The default exchange has the name `''`. */
export interface ExchangeInfo {
  /** The virtual host that it is in. */
  readonly vhost: string;
  /** Its name. */
  readonly name: string;
  /** Such as `direct`, `fanout`, `topic` or `headers`. */
  readonly type: string;
  /** Whether it survives a restart. */
  readonly durable: boolean;
  /** Whether it goes with its last binding. */
  readonly autoDelete: boolean;
  /** Whether only other exchanges may publish to it. */
  readonly internal: boolean;
  /** What it was declared with. */
  readonly arguments: PlainTable;
}

/** A binding. Those of the default exchange, one for each queue, are left out. */
export interface BindingInfo {
  /** The virtual host that it is in. */
  readonly vhost: string;
  /** The exchange. */
  readonly source: string;
  /** The queue, or the other exchange. */
  readonly destination: string;
  /** Which of the two that is. */
  readonly destinationType: 'queue' | 'exchange';
  /** The routing key, or the pattern of a topic exchange. */
  readonly routingKey: string;
  /** What it was made with, such as the headers to match. */
  readonly arguments: PlainTable;
}

/** A connection whose handshake is done. */
export interface ConnectionInfo {
  /** What the client calls it (`connection_name`), else its addresses. */
  readonly name: string;
  /** Who logged in. */
  readonly user: string;
  /** The virtual host that it uses. */
  readonly vhost: string;
  /** How many channels are open. */
  readonly channels: number;
  /** Deliveries on all its channels that are not settled. */
  readonly unacked: number;
  /** Whether it is held back: it publishes while an alarm is on. */
  readonly blocked: boolean;
  /** What the client said of itself, such as its product and version. */
  readonly clientProperties: PlainTable;
}

/** A broker at one moment. */
export interface BrokerState {
  /** Those whose handshake is done. */
  readonly connections: readonly ConnectionInfo[];
  /** Of all virtual hosts. */
  readonly queues: readonly QueueInfo[];
  /** Of all virtual hosts, those that are there from the start included. */
  readonly exchanges: readonly ExchangeInfo[];
  /** Of all virtual hosts. */
  readonly bindings: readonly BindingInfo[];
  /** What passed through since the start. */
  readonly traffic: Readonly<Traffic>;
  /** Bytes that messages hold, of which `limit` are allowed. */
  readonly memory: { readonly used: number; readonly limit: number };
}

/** Takes a picture of a broker. */
export function inspectBroker(
  model: BrokerModel,
  clients: Iterable<Client>,
  traffic: Traffic,
): BrokerState {
  const vhosts = Array.from(model.vhosts);
  const { used, limit } = model.budget;
  return {
    connections: Array.from(clients).flatMap(connectionInfo),
    queues: vhosts.flatMap(({ queues }) => Array.from(queues, queueInfo)),
    exchanges: vhosts.flatMap(({ exchanges }) => Array.from(exchanges, exchangeInfo)),
    bindings: vhosts.flatMap((vhost) =>
      Array.from(vhost.bindings, (binding) => bindingInfo(vhost, binding)),
    ),
    traffic: { ...traffic },
    memory: { used, limit },
  };
}

/** Takes a picture of a queue. */
export function queueInfo(queue: Queue): QueueInfo {
  const { spec, activeConsumer } = queue;
  const consumers = Array.from(queue.consumers, (consumer) => ({
    tag: consumer.tag,
    noAck: consumer.noAck,
    exclusive: consumer.exclusive,
    priority: consumer.priority,
    active: activeConsumer === undefined || activeConsumer === consumer,
  }));
  return {
    vhost: spec.vhost,
    name: queue.name,
    type: queue.arguments.type,
    durable: spec.durable,
    exclusive: spec.owner !== undefined,
    autoDelete: spec.autoDelete,
    arguments: plainTable(spec.arguments),
    ready: queue.messageCount,
    unacked: queue.unackedCount,
    consumers,
  };
}

function exchangeInfo({ spec }: Exchange): ExchangeInfo {
  return { ...spec, arguments: plainTable(spec.arguments) };
}

function bindingInfo(vhost: VirtualHost, binding: Binding): BindingInfo {
  const { source, destination, routingKey } = binding;
  return {
    vhost: vhost.name,
    source: source.name,
    destination: destination.name,
    destinationType: destination.kind,
    routingKey,
    arguments: plainTable(binding.arguments),
  };
}

function connectionInfo({ connection }: Client): readonly ConnectionInfo[] {
  const { open } = connection;
  if (open === undefined) return [];
  return [
    {
      name: open.name,
      user: open.client.user.name,
      vhost: open.vhost.name,
      channels: open.channels.size,
      unacked: open.channels.unackedCount,
      blocked: open.throttle.blocked,
      clientProperties: plainTable(open.client.properties),
    },
  ];
}
