import type { Replayed } from '../diagnostics/events.ts';
import type { DriverBinding, DriverChannel } from '../driver/driver.ts';
import type { LeveretErrorCode } from '../errors/codes.ts';
import { LeveretError } from '../errors/leveret-error.ts';
import type { Clock } from '../internal/clock.ts';
import { withDeadline } from '../internal/deadline.ts';
import type { DeclaredQueue, PlanStep } from '../topology/ledger.ts';
import { type BindingSpec, bindingArguments } from '../topology/specs.ts';
import type { Deliveries } from './deliveries.ts';
import type { Subscription } from './subscription.ts';

/** Everything that hangs on a channel and has to be there again on the next. */
export interface Topology {
  readonly plan: readonly PlanStep[];
  readonly globalPrefetch: number | undefined;
  readonly subscriptions: readonly Subscription[];
  /** Whether a queue that the broker named is there still: declared again, it would be another. */
  readonly isThere: (queue: DeclaredQueue) => Promise<boolean>;
  /** A queue was declared again. */
  readonly declared: (queue: DeclaredQueue) => void;
  /** The queue of a consumer is not there any more. */
  readonly gone: (subscription: Subscription, error: LeveretError) => void;
}

/**
 * Puts everything back on a fresh channel, one step after the other: confirms, QoS, exchanges, queues (the
 * references of those named by the broker that are gone get the new name), bindings, consumers. Gives how many of each.
 */
export async function restore(
  live: {
    readonly channel: DriverChannel;
    readonly deliveries: Deliveries;
    readonly confirms: boolean;
  },
  topology: Topology,
  timeout: number,
  clock: Clock,
): Promise<Replayed> {
  const { channel, deliveries, confirms } = live;
  const step = (name: string, promise: Promise<unknown>): Promise<unknown> =>
    withDeadline(promise, name, timeout, clock);
  if (confirms) await step('confirm.select', channel.selectConfirms());
  if (topology.globalPrefetch !== undefined)
    await step('basic.qos', channel.setQos(topology.globalPrefetch, true));
  for (const each of topology.plan) await step(stepName(each), perform(each, channel, topology));
  for (const subscription of topology.subscriptions)
    await step(
      'basic.consume',
      subscription.start(channel, deliveries, topology.globalPrefetch),
    ).catch((error: unknown) => {
      // The broker closes the channel over it; the next attempt goes without this consumer.
      if (error instanceof LeveretError && HOPELESS.has(error.code))
        topology.gone(subscription, error);
      throw error;
    });
  const count = (kind: PlanStep['kind']): number =>
    topology.plan.filter((each) => each.kind === kind).length;
  return {
    exchanges: count('exchange'),
    queues: count('queue'),
    bindings: count('bind'),
    // Those that are paused are left alone.
    consumers: topology.subscriptions.filter(({ status }) => status.state === 'consuming').length,
  };
}

/** No queue, or it is somebody else's alone: one such consumer must not keep all others from coming back. */
const HOPELESS: ReadonlySet<LeveretErrorCode> = new Set([
  'NOT_FOUND',
  'ACCESS_REFUSED',
  'RESOURCE_LOCKED',
]);

/** Makes one binding, of a queue or of an exchange. */
export function bind(channel: DriverChannel, binding: BindingSpec): Promise<void> {
  return isExchange(binding)
    ? channel.bindExchange(named(binding))
    : channel.bindQueue(named(binding));
}

/** Takes one binding away. */
export function unbind(channel: DriverChannel, binding: BindingSpec): Promise<void> {
  return isExchange(binding)
    ? channel.unbindExchange(named(binding))
    : channel.unbindQueue(named(binding));
}

function isExchange({ destination }: BindingSpec): boolean {
  return typeof destination === 'string';
}

/** The binding by the names of the moment. */
function named(binding: BindingSpec): DriverBinding {
  const { destination, source, routingKey } = binding;
  return {
    destination: typeof destination === 'string' ? destination : destination.name,
    source,
    routingKey,
    arguments: bindingArguments(binding),
  };
}

async function perform(
  each: PlanStep,
  channel: DriverChannel,
  { isThere, declared }: Topology,
): Promise<void> {
  switch (each.kind) {
    case 'exchange':
      return channel.declareExchange(each.spec);
    case 'queue': {
      if (each.spec.name === '' && (await isThere(each))) return;
      const { name } = await channel.declareQueue(each.spec);
      each.ref.name = name;
      declared(each);
      return;
    }
    case 'bind':
      return bind(channel, each.binding);
  }
}

function stepName(each: PlanStep): string {
  switch (each.kind) {
    case 'exchange':
      return 'exchange.declare';
    case 'queue':
      return 'queue.declare';
    case 'bind':
      return isExchange(each.binding) ? 'exchange.bind' : 'queue.bind';
  }
}
