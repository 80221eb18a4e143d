import type { Table } from '../../base/field.ts';
import { DirectRouter } from './direct.ts';
import { FanoutRouter } from './fanout.ts';
import { checkHeadersBinding, HeadersRouter } from './headers.ts';
import type { Router } from './router.ts';
import { TopicRouter } from './topic.ts';

/** The types of exchange that the broker knows. */
export type ExchangeType = 'direct' | 'fanout' | 'topic' | 'headers';

interface TypeRules {
  readonly router: () => Router;
  /** Throws AmqpError 406 for arguments that a binding must not have. */
  readonly checkBinding: (args: Table) => void;
}

const anyArguments = (): void => {};

/** What the types of exchange differ in. */
export const exchangeTypes: Readonly<Record<ExchangeType, TypeRules>> = {
  direct: { router: () => new DirectRouter(), checkBinding: anyArguments },
  fanout: { router: () => new FanoutRouter(), checkBinding: anyArguments },
  topic: { router: () => new TopicRouter(), checkBinding: anyArguments },
  headers: { router: () => new HeadersRouter(), checkBinding: checkHeadersBinding },
};

/** Whether the broker knows a type of exchange. */
export function isExchangeType(type: string): type is ExchangeType {
  return Object.hasOwn(exchangeTypes, type);
}
