import type { Clock } from '../base/clock.ts';
import type { ProfileRules } from '../base/profile.ts';
import type { Authorize, User } from '../model/access.ts';
import type { Budget } from '../model/budget.ts';
import type { Owner } from '../model/consumer.ts';
import type { VirtualHost } from '../model/vhost.ts';
import type { DirectReplies } from './direct-replies.ts';
import type { FaultPlan } from './fault-plan.ts';
import type { Traffic } from './traffic.ts';

/** What channels know of their connection and of the broker. */
export interface Session {
  readonly vhost: VirtualHost;
  readonly user: User;
  /** Who owns the exclusive queues that are declared here. */
  readonly owner: Owner;
  readonly clock: Clock;
  readonly rules: ProfileRules;
  /** Where the memory of messages is counted. */
  readonly budget: Budget;
  readonly replies: DirectReplies;
  readonly faults: FaultPlan;
  readonly traffic: Traffic;
  readonly maxMessageSize: number;
  /** Whether the client understands `basic.cancel` from the broker. */
  readonly cancelNotify: boolean;
  /** Checks a permission of the user on an exchange or queue: throws AmqpError 403. */
  readonly authorize: Authorize;
}
