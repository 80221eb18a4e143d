import { AmqpError } from '../base/amqp-error.ts';
import type { Clock } from '../base/clock.ts';
import type { ProfileRules } from '../base/profile.ts';
import type { Access, User } from './access.ts';
import type { Budget } from './budget.ts';
import { VirtualHost } from './vhost.ts';

/** What a broker is made of. */
export interface BrokerParts {
  readonly clock: Clock;
  readonly rules: ProfileRules;
  readonly access: Access;
  readonly budget: Budget;
  /** How many queues a virtual host may have; any number unless given. */
  readonly maxQueues?: number;
}

/** All that a broker knows, without its connections. */
export class BrokerModel {
  readonly clock: Clock;
  readonly rules: ProfileRules;
  readonly access: Access;
  readonly budget: Budget;
  readonly maxQueues: number;
  readonly #vhosts = new Map<string, VirtualHost>();

  /** @param vhosts names of the virtual hosts that it starts with */
  constructor(
    { clock, rules, access, budget, maxQueues = Number.POSITIVE_INFINITY }: BrokerParts,
    vhosts: readonly string[] = ['/'],
  ) {
    this.clock = clock;
    this.rules = rules;
    this.access = access;
    this.budget = budget;
    this.maxQueues = maxQueues;
    for (const name of vhosts) this.addVirtualHost(name);
  }

  /** In the order in which they came. */
  get vhosts(): Iterable<VirtualHost> {
    return this.#vhosts.values();
  }

  /** Makes a virtual host, or finds the one of that name. */
  addVirtualHost(name: string): VirtualHost {
    const existing = this.#vhosts.get(name);
    if (existing !== undefined) return existing;
    const vhost = new VirtualHost(name, this);
    this.#vhosts.set(name, vhost);
    return vhost;
  }

  /** The virtual host of that name, if there is one. */
  findVirtualHost(name: string): VirtualHost | undefined {
    return this.#vhosts.get(name);
  }

  /**
   * The virtual host that a user asks for (`connection.open`).
   *
   * @throws AmqpError 530 where there is none, or the user may not enter it
   */
  openVirtualHost(name: string, user: User): VirtualHost {
    const vhost = this.#vhosts.get(name);
    if (vhost === undefined) throw new AmqpError(530, `vhost ${name} not found`);
    if (this.access.mayEnter(user, name)) return vhost;
    throw new AmqpError(530, `access to vhost '${name}' refused for user '${user.name}'`);
  }

  /** Forgets what a restart of a broker forgets. To be called once nobody is connected. */
  restart(): void {
    for (const vhost of this.#vhosts.values()) vhost.restart();
  }

  /** Ends all queues without telling anybody, so that no timers stay. */
  dispose(): void {
    for (const vhost of this.#vhosts.values()) vhost.dispose();
  }
}
