import { AmqpError } from '../base/amqp-error.ts';
import { textOf } from '../base/field.ts';
import type { Owner } from '../model/consumer.ts';
import type { Content } from '../model/message.ts';
import type { VirtualHost } from '../model/vhost.ts';
import type { MethodFields, MethodName } from '../wire/methods.ts';
import type { BrokerContext } from './broker-context.ts';
import { Channels, type ChannelsHost } from './channels.ts';
import { type Client, clientCan, type Tuning } from './handshake.ts';
import type { Link } from './link.ts';
import type { Session } from './session.ts';
import { Throttle } from './throttle.ts';
import type { Transport } from './transport.ts';

/** Takes a frame. */
type ReceiveFrame = (type: number, channel: number, payload: Buffer) => void;

/** What an open connection is made of. */
export interface OpenConnectionParts {
  readonly context: BrokerContext;
  readonly transport: Transport;
  readonly client: Client;
  readonly tuning: Tuning;
  readonly vhost: VirtualHost;
  /** Takes frames that were held back while the connection was blocked. */
  readonly receive: ReceiveFrame;
}

/** A connection after its handshake: its channels, and what they share. */
export class OpenConnection implements Owner {
  readonly name: string;
  readonly client: Client;
  readonly vhost: VirtualHost;
  readonly tuning: Tuning;
  readonly channels: Channels;
  readonly throttle: Throttle;
  readonly #transport: Transport;
  readonly #receive: ReceiveFrame;
  /** What was read together with the frame that blocked the connection, at most one read. */
  #held: Parameters<ReceiveFrame>[] = [];

  constructor(parts: OpenConnectionParts) {
    const { context, transport, client, tuning, vhost } = parts;
    this.name = textOf(client.properties.get('connection_name')) ?? transport.name;
    this.client = client;
    this.vhost = vhost;
    this.tuning = tuning;
    this.#transport = transport;
    this.#receive = parts.receive;
    this.throttle = new Throttle({
      block: (reason) => this.#block(reason),
      unblock: () => this.#unblock(),
    });
    this.channels = new Channels(this.#channelsHost(this.#session(context)));
    context.traffic.connections += 1;
  }

  /** Keeps a frame for later, while the connection is blocked. Returns whether it did. */
  holds(type: number, channel: number, payload: Buffer): boolean {
    if (!this.throttle.blocked) return false;
    this.#held.push([type, channel, Buffer.from(payload)]);
    return true;
  }

  /** Ends its channels, and the queues that are its alone. */
  end(): void {
    this.channels.end();
    this.vhost.releaseOwner(this);
  }

  #session({ model, replies, faults, traffic, limits }: BrokerContext): Session {
    const { client, vhost } = this;
    return {
      vhost,
      user: client.user,
      owner: this,
      clock: model.clock,
      rules: model.rules,
      budget: model.budget,
      replies,
      faults,
      traffic,
      maxMessageSize: limits.maxMessageSize,
      cancelNotify: clientCan(client.properties, 'consumer_cancel_notify'),
      authorize: (permission, resource) => {
        if (model.access.can(client.user, vhost.name, permission, resource)) return;
        throw new AmqpError(
          403,
          `${permission} access to '${resource}' in vhost '${vhost.name}' refused for user '${client.user.name}'`,
        );
      },
    };
  }

  #channelsHost(session: Session): ChannelsHost {
    return {
      session,
      channelMax: this.tuning.channelMax,
      link: (number) => new ChannelLink(number, this.tuning.frameMax, this.#transport),
      published: () => this.throttle.published(),
    };
  }

  #block(reason: string): void {
    this.#transport.pause();
    if (this.#understandsBlocked) this.#send('connection.blocked', { reason });
  }

  #unblock(): void {
    this.#transport.resume();
    if (this.#understandsBlocked) this.#send('connection.unblocked', {});
    const held = this.#held;
    this.#held = [];
    for (const frame of held) this.#receive(...frame);
    this.channels.flush();
  }

  get #understandsBlocked(): boolean {
    return clientCan(this.client.properties, 'connection.blocked');
  }

  #send<N extends MethodName>(name: N, fields: MethodFields<N>): void {
    this.#transport.out.method(0, name, fields);
    this.#transport.wrote();
  }
}

/** Writes for one channel. */
class ChannelLink implements Link {
  readonly #number: number;
  readonly #frameMax: number;
  readonly #transport: Transport;

  constructor(number: number, frameMax: number, transport: Transport) {
    this.#number = number;
    this.#frameMax = frameMax;
    this.#transport = transport;
  }

  get writable(): boolean {
    return this.#transport.writable;
  }

  send<N extends MethodName>(name: N, fields: MethodFields<N>): void {
    this.#transport.out.method(this.#number, name, fields);
    this.#transport.wrote();
  }

  sendContent({ header, body }: Content): void {
    this.#transport.out.content(this.#number, this.#frameMax, header, body);
  }
}
