import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { ProtocolViolation } from '../amqp/failures.ts';
import { guardReads } from './handover.ts';

test('in the handshake a peer that announces more than was agreed is let go of', async () => {
  const source = new PassThrough();
  const gone = new Promise((resolve) => source.once('error', resolve));
  const nextPiece = guardReads(source, 8192);
  source.write('hello');
  expect(String(source.read(2))).toBe('he');
  expect(String(nextPiece())).toBe('llo');
  expect(source.read(8193)).toBeNull();
  expect(await gone).toBeInstanceOf(ProtocolViolation);
});
