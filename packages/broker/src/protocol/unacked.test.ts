import fc from 'fast-check';
import { expect, it } from 'vitest';
import { messageOf, TestHost } from '../model/queue/queue.fixture.ts';
import { QueueEntry } from '../model/queue/queue-entry.ts';
import { UnackedDeliveries } from './unacked.ts';

it('takes out one, or all up to a tag, in order, also of those that came back', () => {
  const queue = new TestHost().queue();
  const step = fc.record({
    do: fc.constantFrom('add', 'skip', 'one', 'multiple', 'undo'),
    at: fc.nat(20),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 10, maxLength: 50 }), (steps) => {
      const unacked = new UnackedDeliveries();
      let tags: number[] = [];
      let before = tags;
      let taken: ReturnType<UnackedDeliveries['take']> = [];
      for (const { do: what, at } of steps) {
        const tag = tags[at % tags.length];
        if (what === 'add' || what === 'skip') {
          const next = unacked.nextTag();
          if (what === 'skip') continue;
          const entry = new QueueEntry(messageOf('x'), next, undefined);
          unacked.add({ tag: next, queue, entry, consumer: undefined });
          tags = [...tags, next];
          [before, taken] = [tags, []];
        } else if (what === 'undo') {
          unacked.restore(taken);
          [tags, taken] = [before, []];
        } else if (tag !== undefined) {
          const isTaken = (other: number): boolean =>
            what === 'one' ? other === tag : other <= tag;
          taken = unacked.take(tag, what === 'multiple');
          expect(taken.map((delivery) => delivery.tag)).toEqual(tags.filter(isTaken));
          [before, tags] = [tags, tags.filter((other) => !isTaken(other))];
        }
      }
      expect(unacked.takeAll().map((delivery) => delivery.tag)).toEqual(tags);
    }),
  );
});
