import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { describeWithBroker, uniqueName } from './vitest.ts';

describeWithBroker('the broker of the run', (getUrl) => {
  test('takes connections at the URL that tests are given', async () => {
    const { hostname, port } = new URL(getUrl());
    const socket = connect(Number(port), hostname);
    const greeting = await new Promise<Buffer>((resolve, reject) => {
      socket.once('data', resolve).once('error', reject);
      socket.write('AMQP\0\0\x09\x01', 'latin1');
    });
    socket.destroy();
    expect(greeting[0]).toBe(1);
  });
});

test('unique names differ and keep their prefix', () => {
  const [first, second] = [uniqueName('orders'), uniqueName('orders')];
  expect(first).toMatch(/^orders-/);
  expect(first).not.toBe(second);
});
