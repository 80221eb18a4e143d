import type { LeveretError } from '../errors/leveret-error.ts';
import type { SessionState } from './machine.ts';

/** What a channel is doing, for users: `state` tells the records apart. */
export type ChannelStatus =
  | { readonly state: 'open' }
  /** The connection or the channel was lost; what was declared is being put back. */
  | { readonly state: 'recovering'; readonly cause: LeveretError | undefined }
  | { readonly state: 'closed'; readonly cause: LeveretError | undefined };

/** Its name for users. */
export function statusName(state: SessionState<unknown>): ChannelStatus['state'] {
  return state.kind === 'open' || state.kind === 'closed' ? state.kind : 'recovering';
}
