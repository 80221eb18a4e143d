import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LeveretError } from '../errors/leveret-error.ts';
import {
  type SessionEffect,
  type SessionEvent,
  type SessionState,
  type SessionStep,
  sessionStep,
} from './machine.ts';

const cause = new LeveretError('CONNECTION_LOST', 'cut');

const states = {
  waiting: { kind: 'waiting' },
  restoring: { kind: 'restoring', attempt: 3 },
  pausing: { kind: 'pausing', attempt: 3 },
  open: { kind: 'open', channel: 'old', attempt: 3 },
  closed: { kind: 'closed', cause },
} as const satisfies Record<string, SessionState<string>>;

const events = {
  'link up': { kind: 'link up' },
  'link down': { kind: 'link down' },
  restored: { kind: 'restored', channel: 'new' },
  'restore failed': { kind: 'restore failed' },
  'retry due': { kind: 'retry due' },
  ended: { kind: 'ended', stable: true },
  'ended at once': { kind: 'ended', stable: false },
  close: { kind: 'close', cause: undefined },
  'close over a cause': { kind: 'close', cause },
} as const satisfies Record<string, SessionEvent<string>>;

type StateName = keyof typeof states;
type EventName = keyof typeof events;
type Outcome = readonly [SessionState<string>, ...SessionEffect[]] | 'nothing';

const first: SessionState<string> = { kind: 'restoring', attempt: 1 };
const closed: SessionState<string> = { kind: 'closed', cause: undefined };

const table: Record<StateName, Record<EventName, Outcome>> = {
  waiting: {
    'link up': [first, 'restore'],
    'link down': 'nothing',
    restored: 'nothing',
    'restore failed': 'nothing',
    'retry due': 'nothing',
    ended: 'nothing',
    'ended at once': 'nothing',
    close: [closed, 'over'],
    'close over a cause': [states.closed, 'over'],
  },
  restoring: {
    'link up': 'nothing',
    'link down': [states.waiting],
    restored: [{ kind: 'open', channel: 'new', attempt: 3 }, 'ready'],
    'restore failed': [states.pausing, 'pause'],
    'retry due': 'nothing',
    ended: 'nothing',
    'ended at once': 'nothing',
    close: [closed, 'over'],
    'close over a cause': [states.closed, 'over'],
  },
  pausing: {
    'link up': 'nothing',
    'link down': [states.waiting, 'stop pausing'],
    restored: 'nothing',
    'restore failed': 'nothing',
    'retry due': [{ kind: 'restoring', attempt: 4 }, 'restore'],
    ended: 'nothing',
    'ended at once': 'nothing',
    close: [closed, 'stop pausing', 'over'],
    'close over a cause': [states.closed, 'stop pausing', 'over'],
  },
  open: {
    'link up': 'nothing',
    'link down': [states.waiting, 'detach'],
    restored: 'nothing',
    'restore failed': 'nothing',
    'retry due': 'nothing',
    ended: [first, 'detach', 'restore'],
    'ended at once': [states.pausing, 'detach', 'pause'],
    close: [closed, 'detach', 'over'],
    'close over a cause': [states.closed, 'detach', 'over'],
  },
  closed: {
    'link up': 'nothing',
    'link down': 'nothing',
    restored: 'nothing',
    'restore failed': 'nothing',
    'retry due': 'nothing',
    ended: 'nothing',
    'ended at once': 'nothing',
    close: 'nothing',
    'close over a cause': 'nothing',
  },
};

function keys<K extends string>(record: Record<K, unknown>): K[] {
  const names: K[] = [];
  for (const name in record) names.push(name);
  return names;
}

const rows = keys(states).flatMap((state) =>
  keys(events).map((event) => [state, event, table[state][event]] as const),
);
const anyEvents = fc.array(
  fc.constantFrom(...keys(events)).map((name) => events[name]),
  {
    maxLength: 40,
  },
);

describe('sessionStep', () => {
  it.each(rows)('%s, %s: %j', (state, event, outcome) => {
    const [next, ...effects] = outcome === 'nothing' ? [states[state]] : outcome;
    expect(sessionStep<string>(states[state], events[event])).toEqual({ state: next, effects });
  });

  it("'ready' and 'detach' alternate, 'over' comes once and last, and no pause outlives its state", () => {
    fc.assert(
      fc.property(anyEvents, (sequence) => {
        let state: SessionState<string> = states.waiting;
        let open = false;
        let pausing = false;
        let over = false;
        for (const event of sequence) {
          const step: SessionStep<string> = sessionStep(state, event);
          state = step.state;
          if (event.kind === 'retry due') pausing = false;
          for (const effect of step.effects) {
            expect(over).toBe(false);
            if (effect === 'ready' || effect === 'detach') {
              expect(open).toBe(effect === 'detach');
              open = effect === 'ready';
            }
            if (effect === 'pause') expect(pausing).toBe(false);
            if (effect === 'pause' || effect === 'stop pausing') pausing = effect === 'pause';
            if (effect === 'over') over = true;
          }
          expect(open).toBe(state.kind === 'open');
          expect(pausing).toBe(state.kind === 'pausing');
          expect(over).toBe(state.kind === 'closed');
        }
      }),
    );
  });
});
