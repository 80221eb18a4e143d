import { expect, test } from 'vitest';
import { TestkitError } from '../errors.ts';
import { Mailbox } from './mailbox.ts';

const mailbox = (): Mailbox<string> => new Mailbox(() => 'what had arrived: a, b');

test('items are taken in the order in which they arrived', async () => {
  const box = mailbox();
  const early = box.take('the first');
  box.push('a');
  box.push('b');
  expect([await early, await box.take('the second'), box.size]).toEqual(['a', 'b', 0]);
});

test('an item may be taken from behind others, which stay in their order', async () => {
  const box = mailbox();
  const taken = box.take('c', (item) => item === 'c');
  for (const item of ['a', 'b', 'c', 'd']) box.push(item);
  expect(await taken).toBe('c');
  expect([await box.take('a'), await box.take('b'), await box.take('d')]).toEqual(['a', 'b', 'd']);
});

test('what does not come in time is named, with what came instead', async () => {
  const box = mailbox();
  const waiting = box.take('basic.ack', () => true, 5);
  await expect(waiting).rejects.toThrow(TestkitError);
  await expect(waiting).rejects.toThrow(/basic\.ack did not happen .*what had arrived: a, b/);
  box.push('late');
  expect(await box.take('what comes later')).toBe('late');
});

test('what cannot come any more is not waited for, but what came may be taken', async () => {
  const box = mailbox();
  box.push('a');
  const waiting = box.take('z', (item) => item === 'z');
  box.end('the broker closed the socket');
  await expect(waiting).rejects.toThrow('awaited z: the broker closed the socket');
  expect(await box.take('a')).toBe('a');
});
