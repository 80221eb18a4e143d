import type { LeveretError } from '../errors/leveret-error.ts';

/** What a channel is doing; `C` is what it has while it is open. */
export type SessionState<C> =
  /** There is no connection. */
  | { readonly kind: 'waiting' }
  /** It is being opened, and what was declared put back. */
  | { readonly kind: 'restoring'; readonly attempt: number }
  /** Opening failed; the next attempt is waited for. */
  | { readonly kind: 'pausing'; readonly attempt: number }
  | { readonly kind: 'open'; readonly channel: C; readonly attempt: number }
  | { readonly kind: 'closed'; readonly cause: LeveretError | undefined };

/** What can happen to a channel. */
export type SessionEvent<C> =
  | { readonly kind: 'link up' }
  | { readonly kind: 'link down' }
  | { readonly kind: 'restored'; readonly channel: C }
  | { readonly kind: 'restore failed' }
  | { readonly kind: 'retry due' }
  /** The broker closed it, or it is of no use any more. */
  | {
      readonly kind: 'ended';
      /** It had been open for a while: what ended it will not do so at once again. */
      readonly stable: boolean;
    }
  | { readonly kind: 'close'; readonly cause: LeveretError | undefined };

/** What is to be done about it. */
export type SessionEffect =
  /** Open it on the present connection and put everything back. */
  | 'restore'
  /** Wait, then try again. */
  | 'pause'
  /** Take the timer of the next attempt back. */
  | 'stop pausing'
  /** Let whoever waits go on. */
  | 'ready'
  /** What hung on the open channel is void. */
  | 'detach'
  /** Whoever waits is told that it is over. */
  | 'over';

/** A state and what to do on the way into it. */
export interface SessionStep<C> {
  readonly state: SessionState<C>;
  readonly effects: readonly SessionEffect[];
}

/** What follows from an event in a state: the whole life of a channel, without time or sockets. */
export function sessionStep<C>(state: SessionState<C>, event: SessionEvent<C>): SessionStep<C> {
  if (state.kind === 'closed') return { state, effects: [] };
  switch (event.kind) {
    case 'link up':
      if (state.kind !== 'waiting') return { state, effects: [] };
      return { state: { kind: 'restoring', attempt: 1 }, effects: ['restore'] };
    case 'link down':
      return { state: { kind: 'waiting' }, effects: leaving(state) };
    case 'restored':
      if (state.kind !== 'restoring') return { state, effects: [] };
      return {
        state: { kind: 'open', channel: event.channel, attempt: state.attempt },
        effects: ['ready'],
      };
    case 'restore failed':
      if (state.kind !== 'restoring') return { state, effects: [] };
      return { state: { kind: 'pausing', attempt: state.attempt }, effects: ['pause'] };
    case 'retry due':
      if (state.kind !== 'pausing') return { state, effects: [] };
      return { state: { kind: 'restoring', attempt: state.attempt + 1 }, effects: ['restore'] };
    case 'ended':
      if (state.kind !== 'open') return { state, effects: [] };
      if (event.stable)
        return { state: { kind: 'restoring', attempt: 1 }, effects: ['detach', 'restore'] };
      return { state: { kind: 'pausing', attempt: state.attempt }, effects: ['detach', 'pause'] };
    case 'close':
      return {
        state: { kind: 'closed', cause: event.cause },
        effects: [...leaving(state), 'over'],
      };
  }
}

function leaving<C>(state: SessionState<C>): SessionEffect[] {
  if (state.kind === 'open') return ['detach'];
  return state.kind === 'pausing' ? ['stop pausing'] : [];
}
