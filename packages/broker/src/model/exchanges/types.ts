import type { Table } from '../../base/field.ts';
import type { ProfileRules } from '../../base/profile.ts';
import { DirectRouter } from './direct.ts';
import { FanoutRouter } from './fanout.ts';
import { checkHeadersBinding, HeadersRouter } from './headers.ts';
import type { Router } from './router.ts';
import { checkTopicBinding, TopicRouter } from './topic.ts';

/** The types of exchange that the broker knows. */
export type ExchangeType = 'direct' | 'fanout' | 'topic' | 'headers';

interface TypeRules {
  readonly router: (rules: ProfileRules) => Router;
  /** Throws AmqpError 406 for a routing key or arguments that a binding must not have. */
  readonly checkBinding: (routingKey: string, args: Table, rules: ProfileRules) => void;
}

const anyBinding = (): void => {};

/** What the types of exchange differ in. */
export const exchangeTypes: Readonly<Record<ExchangeType, TypeRules>> = {
  direct: { router: () => new DirectRouter(), checkBinding: anyBinding },
  fanout: { router: () => new FanoutRouter(), checkBinding: anyBinding },
  topic: { router: () => new TopicRouter(), checkBinding: checkTopicBinding },
  headers: { router: (rules) => new HeadersRouter(rules), checkBinding: checkHeadersBinding },
};

/** Whether the broker knows a type of exchange. */
export function isExchangeType(type: string): type is ExchangeType {
  return Object.hasOwn(exchangeTypes, type);
}
