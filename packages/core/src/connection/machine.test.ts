import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LeveretError } from '../errors/leveret-error.ts';
import { type LinkEffect, type LinkEvent, type LinkState, linkStep } from './machine.ts';

const cause = new LeveretError('CONNECTION_LOST', 'cut');
const refusedPort = new LeveretError('CONNECTION_FAILED', 'port refused');
const wrongPassword = new LeveretError('ACCESS_REFUSED', 'wrong password');
const tooLate = new LeveretError('TIMEOUT', 'connect');
const recovers = { recover: true };
const never = { recover: false };

const states = {
  'connecting, attempting': { kind: 'connecting', phase: 'attempting', attempt: 3 },
  'connecting, waiting': { kind: 'connecting', phase: 'waiting', attempt: 3 },
  connected: { kind: 'connected', attempt: 3 },
  blocked: { kind: 'blocked', attempt: 3, reason: 'low on memory' },
  'reconnecting, attempting': { kind: 'reconnecting', phase: 'attempting', attempt: 3, cause },
  'reconnecting, waiting': { kind: 'reconnecting', phase: 'waiting', attempt: 3, cause },
  closed: { kind: 'closed', cause },
} as const satisfies Record<string, LinkState>;

const events = {
  opened: { kind: 'opened' },
  'failed, worth a retry': { kind: 'failed', error: refusedPort },
  'failed for good': { kind: 'failed', error: wrongPassword },
  'retry due': { kind: 'retry due' },
  'lost, after a while': { kind: 'lost', cause, stable: true },
  'lost, soon': { kind: 'lost', cause, stable: false },
  blocked: { kind: 'blocked', reason: 'low on disk' },
  unblocked: { kind: 'unblocked' },
  'gave up': { kind: 'gave up', error: tooLate },
  close: { kind: 'close' },
} as const satisfies Record<string, LinkEvent>;

type StateName = keyof typeof states;
type EventName = keyof typeof events;
type Outcome = readonly [LinkState, ...LinkEffect[]] | 'nothing';

const { connected } = states;
const over = (why?: LeveretError): LinkState => ({ kind: 'closed', cause: why });
const afresh: LinkState = { kind: 'reconnecting', phase: 'waiting', attempt: 1, cause };
const carriedOn: LinkState = { kind: 'reconnecting', phase: 'waiting', attempt: 4, cause };
const later: LinkState = { kind: 'connecting', phase: 'waiting', attempt: 4 };

/** What a connection that recovers does about every event in every state. */
const table: Record<StateName, Record<EventName, Outcome>> = {
  'connecting, attempting': {
    opened: [connected, 'up'],
    'failed, worth a retry': [later, 'wait'],
    'failed for good': [over(wrongPassword), 'over'],
    'retry due': 'nothing',
    'lost, after a while': 'nothing',
    'lost, soon': 'nothing',
    blocked: 'nothing',
    unblocked: 'nothing',
    'gave up': [over(tooLate), 'stop waiting', 'over'],
    close: [over(), 'stop waiting', 'over'],
  },
  'connecting, waiting': {
    opened: [connected, 'up'],
    'failed, worth a retry': [later, 'wait'],
    'failed for good': [over(wrongPassword), 'over'],
    'retry due': [states['connecting, attempting'], 'attempt'],
    'lost, after a while': 'nothing',
    'lost, soon': 'nothing',
    blocked: 'nothing',
    unblocked: 'nothing',
    'gave up': [over(tooLate), 'stop waiting', 'over'],
    close: [over(), 'stop waiting', 'over'],
  },
  connected: {
    opened: 'nothing',
    'failed, worth a retry': 'nothing',
    'failed for good': 'nothing',
    'retry due': 'nothing',
    'lost, after a while': [afresh, 'down', 'wait'],
    'lost, soon': [carriedOn, 'down', 'wait'],
    blocked: [{ kind: 'blocked', attempt: 3, reason: 'low on disk' }],
    unblocked: 'nothing',
    'gave up': 'nothing',
    close: [over(), 'over', 'goodbye'],
  },
  blocked: {
    opened: 'nothing',
    'failed, worth a retry': 'nothing',
    'failed for good': 'nothing',
    'retry due': 'nothing',
    'lost, after a while': [afresh, 'down', 'wait'],
    'lost, soon': [carriedOn, 'down', 'wait'],
    blocked: [{ kind: 'blocked', attempt: 3, reason: 'low on disk' }],
    unblocked: [connected],
    'gave up': 'nothing',
    close: [over(), 'over', 'goodbye'],
  },
  'reconnecting, attempting': {
    opened: [connected, 'up'],
    'failed, worth a retry': [carriedOn, 'wait'],
    'failed for good': [carriedOn, 'wait'],
    'retry due': 'nothing',
    'lost, after a while': 'nothing',
    'lost, soon': 'nothing',
    blocked: 'nothing',
    unblocked: 'nothing',
    'gave up': 'nothing',
    close: [over(), 'stop waiting', 'over'],
  },
  'reconnecting, waiting': {
    opened: [connected, 'up'],
    'failed, worth a retry': [carriedOn, 'wait'],
    'failed for good': [carriedOn, 'wait'],
    'retry due': [states['reconnecting, attempting'], 'attempt'],
    'lost, after a while': 'nothing',
    'lost, soon': 'nothing',
    blocked: 'nothing',
    unblocked: 'nothing',
    'gave up': 'nothing',
    close: [over(), 'stop waiting', 'over'],
  },
  closed: {
    opened: [states.closed, 'discard'],
    'failed, worth a retry': 'nothing',
    'failed for good': 'nothing',
    'retry due': 'nothing',
    'lost, after a while': 'nothing',
    'lost, soon': 'nothing',
    blocked: 'nothing',
    unblocked: 'nothing',
    'gave up': 'nothing',
    close: 'nothing',
  },
};

/** Where a connection with `recover: false` differs. */
const withoutRecovery: readonly [StateName, EventName, Outcome][] = [
  ['connecting, attempting', 'failed, worth a retry', [over(refusedPort), 'over']],
  ['connected', 'lost, after a while', [over(cause), 'down', 'over']],
  ['connected', 'lost, soon', [over(cause), 'down', 'over']],
  ['blocked', 'lost, after a while', [over(cause), 'down', 'over']],
  ['blocked', 'lost, soon', [over(cause), 'down', 'over']],
];

function keys<K extends string>(record: Record<K, unknown>): K[] {
  const names: K[] = [];
  for (const name in record) names.push(name);
  return names;
}

const rows = keys(states).flatMap((state) =>
  keys(events).map((event) => [state, event, table[state][event]] as const),
);

function expected(state: StateName, outcome: Outcome): unknown {
  if (outcome === 'nothing') return { state: states[state], effects: [] };
  const [next, ...effects] = outcome;
  return { state: next, effects };
}

const anyEvents = fc.array(
  fc.constantFrom(...keys(events)).map((name) => events[name]),
  {
    maxLength: 40,
  },
);
const anyPolicy = fc.boolean().map((recover) => ({ recover }));
const first = (): LinkState => ({ kind: 'connecting', phase: 'attempting', attempt: 1 });

describe('linkStep', () => {
  it.each(rows)('%s, %s: %j', (state, event, outcome) => {
    expect(linkStep(states[state], events[event], recovers)).toEqual(expected(state, outcome));
  });

  it.each(withoutRecovery)('without recovery: %s, %s: %j', (state, event, outcome) => {
    expect(linkStep(states[state], events[event], never)).toEqual(expected(state, outcome));
  });

  it('closed stays closed, whatever happens', () => {
    fc.assert(
      fc.property(anyEvents, anyPolicy, (sequence, policy) => {
        let state: LinkState = states.closed;
        for (const event of sequence) {
          const step = linkStep(state, event, policy);
          state = step.state;
          expect(state).toEqual(states.closed);
          expect(step.effects).toEqual(event.kind === 'opened' ? ['discard'] : []);
        }
      }),
    );
  });

  it("'up' and 'down' alternate, and after 'over' there is neither", () => {
    fc.assert(
      fc.property(anyEvents, anyPolicy, (sequence, policy) => {
        let state = first();
        let standing: LinkEffect = 'down';
        for (const event of sequence) {
          const step = linkStep(state, event, policy);
          state = step.state;
          for (const effect of step.effects) {
            if (effect !== 'up' && effect !== 'down' && effect !== 'over') continue;
            expect(standing).not.toBe('over');
            expect(effect).not.toBe(standing);
            standing = effect;
          }
        }
        expect(standing === 'over').toBe(state.kind === 'closed');
      }),
    );
  });

  it('one attempt is under way at most, and one timer runs at most', () => {
    fc.assert(
      fc.property(anyEvents, anyPolicy, (sequence, policy) => {
        let state = first();
        let attempts = 1;
        let timers = 0;
        for (const event of sequence) {
          // Attempts end only where one is under way, and timers fire only where one runs.
          if ((event.kind === 'opened' || event.kind === 'failed') && attempts === 0) continue;
          if (event.kind === 'retry due' && timers === 0) continue;
          if (event.kind === 'opened' || event.kind === 'failed') attempts--;
          if (event.kind === 'retry due') timers--;
          const step = linkStep(state, event, policy);
          state = step.state;
          for (const effect of step.effects) {
            if (effect === 'attempt') attempts++;
            if (effect === 'wait') timers++;
            if (effect === 'stop waiting') timers = 0;
          }
          expect(attempts).toBeLessThanOrEqual(1);
          expect(timers).toBeLessThanOrEqual(1);
          expect(attempts === 1 && timers === 1).toBe(false);
          if (state.kind === 'closed') expect(timers).toBe(0);
          if ('phase' in state) expect(attempts).toBe(state.phase === 'attempting' ? 1 : 0);
        }
      }),
    );
  });
});
