import { AmqpError } from '../base/amqp-error.ts';
import { ManualClock } from '../base/manual-clock.ts';
import { profiles } from '../base/profile.ts';
import { Access, guest, type UserSpec } from '../model/access.ts';
import { BrokerModel } from '../model/broker-model.ts';
import { Budget } from '../model/budget.ts';
import { FrameWriter } from '../wire/frame-writer.ts';
import type { MethodFields, MethodName } from '../wire/methods.ts';
import type { BrokerContext, ConnectionLimits } from './broker-context.ts';
import { Connection } from './connection.ts';
import { DirectReplies } from './direct-replies.ts';
import type { FaultPlan } from './fault-plan.ts';
import {
  FrameLog,
  type Greeting,
  greet,
  isMethod,
  type PublishOptions,
  type Received,
  Requests,
} from './frames.fixture.ts';
import { noTraffic, type Traffic } from './traffic.ts';
import type { Transport } from './transport.ts';

/** A transport that leads nowhere: what is written is kept until it is looked at. */
export class FakeTransport implements Transport {
  readonly name = 'client -> broker';
  readonly out: FrameWriter = new FrameWriter();
  writable = true;
  reading = true;
  bytesWritten = 0;
  bytesRead = 0;
  /** `ended` by the broker's own will, `destroyed` without another word. */
  state: 'open' | 'ended' | 'destroyed' = 'open';
  /** How often it was asked to end. */
  ends = 0;

  wrote(): void {}

  pause(): void {
    this.reading = false;
  }

  resume(): void {
    this.reading = true;
  }

  end(): void {
    this.ends += 1;
    if (this.state === 'open') this.state = 'ended';
  }

  destroy(): void {
    this.state = 'destroyed';
  }
}

/** What a test may change of the broker behind the connections. */
export interface FakeBrokerOptions {
  readonly users?: readonly UserSpec[];
  readonly limits?: Partial<ConnectionLimits>;
  /** Connections that may be open. */
  readonly connections?: number;
  readonly memory?: number;
}

/** All that connections share, without a server. */
export class FakeBroker {
  readonly clock: ManualClock = new ManualClock();
  readonly faults: FaultPlan = { confirms: { kind: 'none' } };
  readonly traffic: Traffic = noTraffic();
  readonly model: BrokerModel;
  readonly context: BrokerContext;
  readonly clients: FakeClient[] = [];
  #alarm: string | undefined;

  constructor(options: FakeBrokerOptions = {}) {
    const { users = [guest], limits, connections = 100, memory } = options;
    const { clock, faults, traffic } = this;
    const access = new Access(users);
    const budget = new Budget(memory);
    this.model = new BrokerModel({ clock, access, budget, rules: profiles['4.0'] }, ['/', 'other']);
    const { model } = this;
    const alarm = (): string | undefined => this.#alarm;
    this.context = {
      model,
      linkClock: clock,
      faults,
      traffic,
      replies: new DirectReplies(),
      limits: {
        channelMax: 2047,
        frameMax: 131_072,
        heartbeat: 60,
        handshakeTimeoutMs: 10_000,
        maxMessageSize: 1_000_000,
        ...limits,
      },
      get alarm() {
        return alarm();
      },
      admit: () => {
        const open = this.clients.filter(({ connection }) => connection.open !== undefined);
        if (open.length >= connections) throw new AmqpError(530, 'too many connections');
      },
    };
  }

  /** Raises the alarm for a reason, or ends it. */
  alarm(reason: string | undefined): void {
    this.#alarm = reason;
    for (const { connection } of this.clients) connection.alarm(reason);
  }

  /** A client who has said nothing yet. */
  connect(): FakeClient {
    const client = new FakeClient(this.context);
    this.clients.push(client);
    return client;
  }

  /** A client whose connection is open, with channel 1. */
  client(greeting: Greeting = {}): FakeClient {
    const client = this.connect();
    client.receive(greet(greeting));
    client.call(1, 'channel.open');
    client.answers();
    return client;
  }
}

/** A client without a socket: what it sends is performed at once, and answered when it returns. */
export class FakeClient {
  readonly transport: FakeTransport = new FakeTransport();
  readonly connection: Connection;
  readonly log: FrameLog = new FrameLog();
  #read = 0;

  constructor(context: BrokerContext) {
    this.connection = new Connection(context, this.transport);
  }

  /** Hands bytes to the connection. */
  receive(bytes: Buffer): void {
    this.transport.bytesRead += bytes.length;
    this.connection.receive(bytes);
  }

  /** Sends a method. */
  call<N extends MethodName>(channel: number, name: N, fields?: Partial<MethodFields<N>>): this {
    this.receive(new Requests().method(channel, name, fields).take());
    return this;
  }

  publish(channel: number, options: PublishOptions): this {
    this.receive(new Requests().publish(channel, options).take());
    return this;
  }

  /** Everything that came since it was asked last. */
  answers(): Received[] {
    for (const piece of this.transport.out.take()) {
      this.transport.bytesWritten += piece.length;
      this.log.push(piece);
    }
    const answers = this.log.received.slice(this.#read);
    this.#read = this.log.received.length;
    return answers;
  }

  /** The names of `answers()`. */
  answerNames(): string[] {
    return this.answers().map(({ name }) => name);
  }

  /** The one answer that is expected; throws where another came, or several. */
  answer<N extends MethodName>(name: N): Received<N> {
    const [first, ...others] = this.answers();
    if (first === undefined || others.length > 0 || !isMethod(first, name)) {
      const names = [first, ...others].map((received) => received?.name).join();
      throw new Error(`expected ${name} alone, got ${names}`);
    }
    return first;
  }
}
