import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../internal/fake-clock.fixture.ts';
import { Acknowledgements, type SettlingChannel } from './acknowledgements.ts';

/** The broker's side of a channel: what is outstanding, and every settlement as it understood it. */
class Broker implements SettlingChannel {
  readonly frames: string[] = [];
  readonly outstanding = new Set<number>();
  readonly outcomes = new Map<number, string>();

  ack(tag: number, multiple: boolean): void {
    this.frames.push(multiple ? `ack ..${tag}` : `ack ${tag}`);
    if (!multiple) return this.#settle(tag, 'ack');
    const covered = [...this.outstanding].filter((each) => each <= tag);
    if (!covered.includes(tag)) throw new Error(`PRECONDITION_FAILED: unknown delivery tag ${tag}`);
    for (const each of covered) this.#settle(each, 'ack');
  }

  nack(tag: number, requeue: boolean): void {
    this.frames.push(`nack ${tag}`);
    this.#settle(tag, `nack ${requeue}`);
  }

  reject(tag: number, requeue: boolean): void {
    this.frames.push(`reject ${tag}`);
    this.#settle(tag, `reject ${requeue}`);
  }

  #settle(tag: number, outcome: string): void {
    if (!this.outstanding.delete(tag))
      throw new Error(`PRECONDITION_FAILED: unknown delivery tag ${tag}`);
    this.outcomes.set(tag, outcome);
  }
}

function setUp(deliveries = 0) {
  const clock = new FakeClock();
  const broker = new Broker();
  const acknowledgements = new Acknowledgements(broker, (fn) => clock.endOfTurn(fn));
  for (let tag = 1; tag <= deliveries; tag++) {
    broker.outstanding.add(tag);
    acknowledgements.delivered(tag);
  }
  return { clock, broker, acknowledgements };
}

describe('Acknowledgements', () => {
  it('holds acks back to the end of the turn and no longer', () => {
    const { clock, broker, acknowledgements } = setUp(1);
    acknowledgements.ack(1);
    expect(broker.frames).toEqual([]);
    clock.endTurn();
    expect(broker.frames).toEqual(['ack 1']);
  });

  it('settles what was delivered first and told of last, and merges nothing over it', () => {
    const { clock, broker, acknowledgements } = setUp();
    for (const tag of [1, 2, 3]) broker.outstanding.add(tag);
    for (const tag of [2, 3, 1]) acknowledgements.delivered(tag);
    for (const tag of [2, 3]) acknowledgements.ack(tag);
    clock.endTurn();
    expect(broker.frames).toEqual(['ack 2', 'ack 3']);
    acknowledgements.refuse(1, 'nack', true);
    expect(broker.outcomes.get(1)).toBe('nack true');
  });

  it('merges all acks of one turn that leave nothing unsettled before them, in any order', () => {
    const { clock, broker, acknowledgements } = setUp(4);
    for (const tag of [3, 1, 2]) acknowledgements.ack(tag);
    clock.endTurn();
    expect(broker.frames).toEqual(['ack ..3']);
  });

  it('never covers an unsettled delivery', () => {
    const { clock, broker, acknowledgements } = setUp(5);
    for (const tag of [5, 1, 2, 4]) acknowledgements.ack(tag);
    clock.endTurn();
    expect([...broker.outstanding]).toEqual([3]);
    expect([...broker.frames].sort()).toEqual(['ack ..2', 'ack 4', 'ack 5']);
  });

  it('merges over what was refused', () => {
    const { clock, broker, acknowledgements } = setUp(3);
    acknowledgements.ack(1);
    acknowledgements.refuse(2, 'reject', false);
    acknowledgements.ack(3);
    clock.endTurn();
    expect(broker.frames).toEqual(['reject 2', 'ack ..3']);
    expect(broker.outcomes.get(2)).toBe('reject false');
  });

  it('refuses at once', () => {
    const { broker, acknowledgements } = setUp(2);
    acknowledgements.refuse(1, 'nack', true);
    acknowledgements.refuse(2, 'reject', true);
    expect(broker.frames).toEqual(['nack 1', 'reject 2']);
  });

  it('sends at once what it holds back when it is flushed, and then nothing at the end of the turn', () => {
    const { clock, broker, acknowledgements } = setUp(2);
    acknowledgements.ack(1);
    acknowledgements.ack(2);
    acknowledgements.flush();
    clock.endTurn();
    expect(broker.frames).toEqual(['ack ..2']);
  });

  it('sends nothing for a delivery that it does not know or that is settled', () => {
    const { clock, broker, acknowledgements } = setUp(1);
    acknowledgements.ack(1);
    acknowledgements.ack(1);
    acknowledgements.ack(9);
    acknowledgements.refuse(1, 'nack', true);
    acknowledgements.refuse(9, 'reject', true);
    clock.endTurn();
    expect(broker.frames).toEqual(['ack 1']);
  });

  it('settles every delivery at the broker exactly once and as asked, for any order of things', () => {
    const action = fc.oneof(
      { weight: 3, arbitrary: fc.constant({ kind: 'deliver' } as const) },
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constantFrom('ack', 'ack', 'nack', 'reject'),
          which: fc.nat(),
          requeue: fc.boolean(),
        }),
      },
      { weight: 1, arbitrary: fc.constant({ kind: 'end of turn' } as const) },
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 100 }), (actions) => {
        const { clock, broker, acknowledgements } = setUp();
        const asked = new Map<number, string>();
        const open: number[] = [];
        let tags = 0;
        for (const each of actions) {
          if (each.kind === 'deliver') {
            open.push(++tags);
            broker.outstanding.add(tags);
            acknowledgements.delivered(tags);
          } else if (each.kind === 'end of turn') {
            const frames = broker.frames.length;
            const acked = [...asked].filter(
              ([tag, how]) => how === 'ack' && broker.outstanding.has(tag),
            );
            clock.endTurn();
            const oldest = open.length > 0 ? Math.min(...open) : Number.POSITIVE_INFINITY;
            const apart = acked.filter(([tag]) => tag > oldest).length;
            const merged = acked.length > apart ? 1 : 0;
            expect(broker.frames.length - frames).toBe(apart + merged);
          } else if ('which' in each) {
            const [tag] = open.splice(each.which % Math.max(1, open.length), 1);
            if (tag === undefined) continue;
            if (each.kind === 'ack') {
              asked.set(tag, 'ack');
              acknowledgements.ack(tag);
            } else {
              asked.set(tag, `${each.kind} ${each.requeue}`);
              acknowledgements.refuse(tag, each.kind, each.requeue);
            }
          }
          expect(acknowledgements.unsettled).toBe(open.length);
          for (const tag of open) expect(broker.outstanding.has(tag)).toBe(true);
        }
        clock.endTurn();
        expect([...broker.outcomes].sort(([a], [b]) => a - b)).toEqual(
          [...asked].sort(([a], [b]) => a - b),
        );
        expect([...broker.outstanding]).toEqual(open.sort((a, b) => a - b));
      }),
      { numRuns: 300 },
    );
  });
});
