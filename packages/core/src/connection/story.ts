import type { LeveretEvent } from '../diagnostics/events.ts';
import type { LinkEvent, LinkState } from './machine.ts';
import type { Address } from './url.ts';

/** What the state machine does not know of a connection, and its events tell. */
export interface StoryContext {
  /** Host of the present or last attempt. */
  readonly address: Address;
  /** How long the connection has been in the state that it leaves, in milliseconds. */
  readonly spent: number;
}

/** What a step of the state machine means to whoever listens. `reconnected` is not here: it waits for the channels. */
export function linkStory(
  before: LinkState,
  event: LinkEvent,
  after: LinkState,
  context: StoryContext,
): readonly LeveretEvent[] {
  const told = before.kind === after.kind ? [] : entered(before, after, context);
  if (event.kind !== 'failed' || !('phase' in before)) return told;
  const { host, port } = context.address;
  const { attempt } = before;
  return [{ type: 'connect-failed', host, port, attempt, error: event.error }, ...told];
}

function entered(
  before: LinkState,
  after: LinkState,
  { address: { host, port }, spent }: StoryContext,
): readonly LeveretEvent[] {
  switch (after.kind) {
    case 'connected':
      if (before.kind === 'connecting')
        return [{ type: 'connected', host, port, attempts: after.attempt }];
      return before.kind === 'blocked' ? [{ type: 'unblocked', duration: spent }] : [];
    case 'blocked':
      return [{ type: 'blocked', reason: after.reason }];
    case 'reconnecting':
      return [{ type: 'reconnecting', host, port, cause: after.cause }];
    case 'closed':
      return [{ type: 'closed', cause: after.cause }];
    case 'connecting':
      return []; // nothing leads there
  }
}
