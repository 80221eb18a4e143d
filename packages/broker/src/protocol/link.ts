import type { Content } from '../model/message.ts';
import type { MethodFields, MethodName } from '../wire/methods.ts';

/** The way out of a channel to its client. */
export interface Link {
  /** Writes a method. */
  send<N extends MethodName>(name: N, fields: MethodFields<N>): void;
  /** Writes header and body, right after the method that they belong to. */
  sendContent(content: Content): void;
  /** Whether the client reads what it is sent; while it does not, nothing is delivered. */
  readonly writable: boolean;
}
