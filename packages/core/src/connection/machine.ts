import type { LeveretError } from '../errors/leveret-error.ts';

/** What a connection is doing. */
export type LinkState =
  /** The first connection: the attempt of that number is under way, or waited for. */
  | { readonly kind: 'connecting'; readonly phase: Phase; readonly attempt: number }
  /** `attempt` is the one that led there: where the link does not last, the next carries on from it. */
  | { readonly kind: 'connected'; readonly attempt: number }
  | { readonly kind: 'blocked'; readonly attempt: number; readonly reason: string }
  /** Back after a loss: likewise. */
  | {
      readonly kind: 'reconnecting';
      readonly phase: Phase;
      readonly attempt: number;
      readonly cause: LeveretError;
    }
  | { readonly kind: 'closed'; readonly cause: LeveretError | undefined };

type Phase = 'attempting' | 'waiting';

/** What can happen to a connection. */
export type LinkEvent =
  | { readonly kind: 'opened' }
  | { readonly kind: 'failed'; readonly error: LeveretError }
  | { readonly kind: 'retry due' }
  /** `stable` where the link had lasted, so that the attempts count from the first again. */
  | { readonly kind: 'lost'; readonly cause: LeveretError; readonly stable: boolean }
  | { readonly kind: 'blocked'; readonly reason: string }
  | { readonly kind: 'unblocked' }
  /** The first connection took too long. */
  | { readonly kind: 'gave up'; readonly error: LeveretError }
  | { readonly kind: 'close' };

/** What is to be done about it. */
export type LinkEffect =
  | 'attempt'
  | 'wait'
  /** Take the timer of the next attempt back. */
  | 'stop waiting'
  /** Tell the channels that there is a connection. */
  | 'up'
  /** Tell the channels that there is none. */
  | 'down'
  /** Tell the channels that there will be none any more. */
  | 'over'
  /** Say goodbye to the broker. */
  | 'goodbye'
  /** Let go of a connection that nobody wants. */
  | 'discard';

/** A state and what to do on the way into it. */
export interface LinkStep {
  readonly state: LinkState;
  readonly effects: readonly LinkEffect[];
}

/** What does not change over the life of a connection. */
export interface LinkPolicy {
  /** Whether to come back after a loss. */
  readonly recover: boolean;
}

/** What follows from an event in a state: the whole life of a connection, without time or sockets. */
export function linkStep(state: LinkState, event: LinkEvent, policy: LinkPolicy): LinkStep {
  if (event.kind === 'close') return close(state);
  switch (state.kind) {
    case 'connecting':
    case 'reconnecting':
      return beforeConnection(state, event, policy);
    case 'connected':
    case 'blocked':
      return inConnection(state, event, policy);
    case 'closed':
      return { state, effects: event.kind === 'opened' ? ['discard'] : [] };
  }
}

type Before = Extract<LinkState, { phase: Phase }>;

function beforeConnection(state: Before, event: LinkEvent, policy: LinkPolicy): LinkStep {
  switch (event.kind) {
    case 'opened':
      return { state: { kind: 'connected', attempt: state.attempt }, effects: ['up'] };
    case 'failed':
      // Wrong credentials or an unknown vhost will not mend themselves, but for a service that has been
      // connected before a broker that is just starting says the same: it goes on trying.
      if (state.kind === 'connecting' && (!event.error.retryable || !policy.recover))
        return over(event.error);
      return {
        state: { ...state, phase: 'waiting', attempt: state.attempt + 1 },
        effects: ['wait'],
      };
    case 'retry due':
      if (state.phase === 'attempting') return { state, effects: [] };
      return { state: { ...state, phase: 'attempting' }, effects: ['attempt'] };
    case 'gave up':
      if (state.kind === 'reconnecting') return { state, effects: [] };
      return { state: { kind: 'closed', cause: event.error }, effects: ['stop waiting', 'over'] };
    default:
      return { state, effects: [] };
  }
}

function inConnection(
  state: Extract<LinkState, { kind: 'connected' | 'blocked' }>,
  event: LinkEvent,
  policy: LinkPolicy,
): LinkStep {
  switch (event.kind) {
    case 'lost': {
      const { cause, stable } = event;
      if (!policy.recover) return over(cause, ['down']);
      // Never at once: all clients of a broker that restarts lose it in the same moment.
      const attempt = stable ? 1 : state.attempt + 1;
      return {
        state: { kind: 'reconnecting', phase: 'waiting', attempt, cause },
        effects: ['down', 'wait'],
      };
    }
    case 'blocked':
      return { state: { ...state, kind: 'blocked', reason: event.reason }, effects: [] };
    case 'unblocked':
      if (state.kind === 'connected') return { state, effects: [] };
      return { state: { kind: 'connected', attempt: state.attempt }, effects: [] };
    default:
      return { state, effects: [] };
  }
}

function close(state: LinkState): LinkStep {
  switch (state.kind) {
    case 'connecting':
    case 'reconnecting':
      return { state: { kind: 'closed', cause: undefined }, effects: ['stop waiting', 'over'] };
    case 'connected':
    case 'blocked':
      return { state: { kind: 'closed', cause: undefined }, effects: ['over', 'goodbye'] };
    case 'closed':
      return { state, effects: [] };
  }
}

function over(cause: LeveretError, before: readonly LinkEffect[] = []): LinkStep {
  return { state: { kind: 'closed', cause }, effects: [...before, 'over'] };
}
