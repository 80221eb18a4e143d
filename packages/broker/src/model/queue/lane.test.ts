import { expect, it } from 'vitest';
import type { Entry } from '../message.ts';
import { Lane } from './lane.ts';
import { messageOf } from './queue.fixture.ts';
import { QueueEntry } from './queue-entry.ts';

it('puts back one by one in any order, at a cost that hardly grows with what came back before', () => {
  const count = 2000;
  let looks = 0;
  const entryAt = (place: number): Entry => ({
    ...new QueueEntry(messageOf('x'), place, undefined),
    get position() {
      looks += 1;
      return place;
    },
  });
  const entries = Array.from({ length: count }, (_, place) => entryAt(place));
  const half = count / 2;
  const lane = new Lane();
  for (const entry of [...entries.slice(half), ...entries.slice(0, half)]) lane.putBack([entry]);
  expect(looks).toBeLessThan(count * 2 * Math.log2(count));
  for (const entry of entries) expect(lane.shift()).toBe(entry);
});
