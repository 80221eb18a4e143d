import { bind } from '../channel/restore.ts';
import type { Session } from '../channel/session.ts';
import type { DriverChannel } from '../driver/driver.ts';
import { flag } from '../internal/options.ts';
import type { BindingSpec } from '../topology/specs.ts';
import type { BindOptions } from './exchange.ts';

/** Makes a binding. One that no recovery makes again is made beside the channel, which a refusal would cost. */
export async function makeBinding(
  session: Session,
  method: 'queue.bind' | 'exchange.bind',
  binding: BindingSpec,
  { recover, timeout }: BindOptions,
): Promise<void> {
  const make = (channel: DriverChannel): Promise<void> => bind(channel, binding);
  if (!flag('recover', recover, true)) return await session.aside(method, make, timeout);
  await session.operation(method, ({ channel }) => make(channel), { timeout });
  session.ledger.addBinding(binding);
}
