import type { Table } from '../../base/field.ts';
import { type Profile, profiles } from '../../base/profile.ts';
import { Exchange } from '../exchange.ts';
import { Queue } from '../queue/queue.ts';
import { queueArguments } from '../queue/queue-arguments.ts';
import { messageTo } from '../topology.fixture.ts';
import { QueueDestination } from './binding.ts';
import type { ExchangeType } from './types.ts';

/** A queue as a destination, with nothing behind it. */
function destination(name: string): QueueDestination {
  const rules = profiles['3.10'];
  const spec = {
    vhost: '/',
    name,
    durable: false,
    autoDelete: false,
    owner: undefined,
    arguments: new Map(),
  };
  const nothing = (): void => {};
  const clock = { now: () => 0, after: () => ({ cancel: nothing }) };
  const calls = { deadLetter: nothing, unused: nothing, changed: nothing };
  const host = { clock, rules, ...calls, take: nothing, give: nothing };
  return new QueueDestination(new Queue(spec, queueArguments(spec, rules), host));
}

/** An exchange and its queues, which are made at their first binding. */
export class Routes {
  readonly exchange: Exchange;
  readonly #destinations = new Map<string, QueueDestination>();

  constructor(type: ExchangeType, profile: Profile = '3.10') {
    const spec = {
      vhost: '/',
      name: 'under test',
      type,
      durable: false,
      autoDelete: false,
      internal: false,
      arguments: new Map(),
    };
    this.exchange = new Exchange(spec, profiles[profile]);
  }

  bind(queue: string, routingKey: string, args: Table = new Map()): boolean {
    return this.exchange.bind(this.#destination(queue), routingKey, args);
  }

  unbind(queue: string, routingKey: string, args: Table = new Map()): void {
    const binding = this.exchange.find(this.#destination(queue), routingKey, args);
    if (binding !== undefined) this.exchange.unbind(binding);
  }

  /** The names of the queues that a message reaches, in alphabetical order, each once. */
  of(routingKey: string, options: { cc?: readonly string[]; headers?: Table } = {}): string[] {
    const found = new Set<string>();
    const message = messageTo('under test', routingKey, options);
    this.exchange.route(message, options.headers, { add: ({ name }) => found.add(name) });
    return [...found].sort();
  }

  #destination(name: string): QueueDestination {
    const made = this.#destinations.get(name) ?? destination(name);
    this.#destinations.set(name, made);
    return made;
  }
}
