import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { ProtocolViolation } from '../amqp/failures.ts';
import { guardReads } from './handover.ts';

const source = (): PassThrough => {
  const stream = new PassThrough();
  stream.write('hello');
  return stream;
};

test('in the handshake a peer that announces more than was agreed is let go of', async () => {
  const socket = source();
  const gone = new Promise((resolve) => socket.once('error', resolve));
  guardReads(socket, 8192);
  expect(String(socket.read(2))).toBe('he');
  expect(socket.read(8193)).toBeNull();
  expect(await gone).toBeInstanceOf(ProtocolViolation);
});

test('after the handshake the driver finds nothing to read, however much there is', async () => {
  const socket = source();
  guardReads(socket, 8192)();
  expect(socket.read(2)).toBeNull();
  const [piece] = await once(socket, 'data');
  expect(String(piece)).toBe('hello');
});
