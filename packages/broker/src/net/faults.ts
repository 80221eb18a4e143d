import type { BrokerModel } from '../model/broker-model.ts';
import type { ConfirmFault, FaultPlan } from '../protocol/fault-plan.ts';
import { refusal, whole } from './options.ts';
import type { ResourceAlarm } from './resource-alarm.ts';
import type { Server } from './server.ts';
import type { Stall } from './socket-transport.ts';

/**
 * Things that go wrong on purpose. Those that last return what ends them: keep it in a `using` declaration, or call
 * `clear()`.
 *
 * @example
 * using blocked = broker.faults.block();
 */
export class Faults {
  readonly #server: Server;
  readonly #model: BrokerModel;
  readonly #plan: FaultPlan;
  readonly #alarm: ResourceAlarm;
  readonly #stalls = new Set<Stall>();

  /** @internal */
  constructor(server: Server, model: BrokerModel, plan: FaultPlan, alarm: ResourceAlarm) {
    this.#server = server;
    this.#model = model;
    this.#plan = plan;
    this.#alarm = alarm;
  }

  /** Cuts all connections, as a network would: clients see a reset. Returns how many there were. */
  dropConnections(): number {
    const clients = this.#server.quiesce();
    for (const { transport, connection } of clients) {
      // What it held is free at once, not when the socket has told its end.
      connection.lost();
      transport.reset();
    }
    return clients.length;
  }

  /** Closes all connections as a broker does that shuts down: 320 CONNECTION_FORCED. Returns how many there were. */
  closeConnections(): number {
    return this.#server.closeConnections().length;
  }

  /** Resets connections as soon as they come. Those that are open go on. */
  refuseConnections(): Disposable {
    const refusing = {};
    this.#server.refusals.add(refusing);
    return lift(() => this.#server.refusals.delete(refusing));
  }

  /** Reads nothing from those who are connected, as a broker that hangs. */
  stallReading(): Disposable {
    const stall: Stall = { kind: 'stall' };
    this.#stalls.add(stall);
    for (const { transport } of this.#server.clients) transport.hold(stall);
    return lift(() => this.#endStall(stall));
  }

  /**
   * Stores messages, and confirms them so many milliseconds later, by the clock of the broker. Those that are on their
   * way when the fault ends come when they would have.
   *
   * @throws BrokerError `INVALID_ARGUMENT` unless it is a whole number
   */
  delayConfirms(ms: number): Disposable {
    return this.#confirms({ kind: 'delay', ms: whole('ms', ms, 0) });
  }

  /** Stores messages, and never confirms them. */
  dropConfirms(): Disposable {
    return this.#confirms({ kind: 'drop' });
  }

  /** Does not store messages on channels with confirms, and answers them by `basic.nack`. On others they are stored. */
  nackPublishes(): Disposable {
    return this.#confirms({ kind: 'nack' });
  }

  /**
   * Blocks whoever publishes, as a memory alarm does.
   *
   * @param reason what clients are told, in up to 255 bytes
   * @throws BrokerError `INVALID_ARGUMENT` for a longer one
   */
  block(reason = 'low on memory'): Disposable {
    if (Buffer.byteLength(reason) > 255) throw refusal('reason', reason, 'at most 255 bytes long');
    const raised = this.#alarm.raise(reason);
    return lift(() => this.#alarm.lower(raised));
  }

  /**
   * What a restart of the broker does: connections are closed, and queues, exchanges and messages that do not survive
   * are forgotten. New connections are taken at once.
   */
  restart(): void {
    this.closeConnections();
    this.#model.restart();
  }

  /** Ends all faults that last. */
  clear(): void {
    this.#server.refusals.clear();
    this.#plan.confirms = { kind: 'none' };
    this.#alarm.clear();
    for (const stall of this.#stalls) this.#endStall(stall);
  }

  #endStall(stall: Stall): void {
    this.#stalls.delete(stall);
    for (const { transport } of this.#server.clients) transport.release(stall);
  }

  #confirms(fault: ConfirmFault): Disposable {
    this.#plan.confirms = fault;
    return lift(() => {
      if (this.#plan.confirms === fault) this.#plan.confirms = { kind: 'none' };
    });
  }
}

function lift(end: () => void): Disposable {
  return { [Symbol.dispose]: end };
}
