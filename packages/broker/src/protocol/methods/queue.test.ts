import { expect, it } from 'vitest';
import { FakeBroker } from '../connection.fixture.ts';

it('answers who deletes a queue before its consumers are cancelled', () => {
  const client = new FakeBroker().client();
  client.call(1, 'queue.declare', { queue: 'q' });
  client.call(1, 'basic.consume', { queue: 'q' });
  client.call(1, 'basic.consume', { queue: 'q' });
  client.answers();
  client.call(1, 'queue.delete', { queue: 'q' });
  expect(client.answerNames()).toEqual(['queue.delete-ok', 'basic.cancel', 'basic.cancel']);
});
