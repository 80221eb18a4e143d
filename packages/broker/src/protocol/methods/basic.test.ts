import { expect, it } from 'vitest';
import { FakeBroker } from '../connection.fixture.ts';

it('answers basic.recover before what it requeued is delivered again', () => {
  const client = new FakeBroker().client();
  client.call(1, 'queue.declare', { queue: 'q' });
  client.call(1, 'basic.consume', { queue: 'q' });
  client.publish(1, { routingKey: 'q' });
  client.answers();
  client.call(1, 'basic.recover', { requeue: true });
  expect(client.answerNames().slice(0, 2)).toEqual(['basic.recover-ok', 'basic.deliver']);
});
