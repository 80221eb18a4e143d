import { describe, expect, test } from 'vitest';
import { createInbox } from './inbox.ts';

describe('createInbox', () => {
  test('gives items in the order in which they came', async () => {
    const inbox = createInbox<number>();
    [1, 2, 3].forEach(inbox.push);
    expect([await inbox.next(), await inbox.next(), await inbox.next()]).toEqual([1, 2, 3]);
  });

  test('wakes those who wait in the order in which they asked', async () => {
    const inbox = createInbox<string>();
    const both = [inbox.next(), inbox.next()];
    inbox.push('first');
    inbox.push('second');
    expect(await Promise.all(both)).toEqual(['first', 'second']);
  });

  test('holds undefined as an item like any other', async () => {
    const inbox = createInbox<undefined>();
    inbox.push(undefined);
    expect(inbox.size).toBe(1);
    expect(await inbox.next()).toBeUndefined();
  });

  test('fails with its label when nothing comes in time, and loses no later item', async () => {
    const inbox = createInbox<number>('a delivery');
    await expect(inbox.next(1)).rejects.toThrow('a delivery did not happen within 1 ms');
    inbox.push(7);
    expect(await inbox.next()).toBe(7);
  });

  test('takes several items at once, those that are there and those that come', async () => {
    const inbox = createInbox<number>();
    inbox.push(1);
    const three = inbox.take(3);
    inbox.push(2);
    inbox.push(3);
    inbox.push(4);
    expect(await three).toEqual([1, 2, 3]);
    expect(inbox.drain()).toEqual([4]);
    expect(inbox.size).toBe(0);
  });
});
