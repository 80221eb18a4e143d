import { expect, it } from 'vitest';
import { FakeClock } from '../internal/fake-clock.fixture.ts';
import { wireMessage } from '../message/messages.fixture.ts';
import { FakeChannel, UNHEARD_PUBLISHER } from './fake-channel.fixture.ts';
import { Publisher } from './publisher.ts';

const limits = { maxInFlight: 10, maxBuffered: 10, maxBufferedBytes: 100, nackTimeout: 0 };

it('counts the bytes of what expired in flight until the broker answers, since they are still held', async () => {
  const clock = new FakeClock();
  const publisher = new Publisher(limits, clock, UNHEARD_PUBLISHER);
  publisher.attach(new FakeChannel(), true);
  const publish = (id: string): Promise<void> =>
    publisher.publish({
      message: wireMessage(id, 60),
      timeout: 50,
      resend: true,
      confirm: true,
      rejectReturned: true,
    });
  const late = publish('a');
  clock.advance(50);
  await expect(late).rejects.toMatchObject({ code: 'TIMEOUT' });
  await expect(publish('b')).rejects.toMatchObject({ code: 'BUFFER_FULL' });
  publisher.confirmed(1, false, true);
  const next = publish('c');
  publisher.confirmed(2, false, true);
  await next;
});

it('tells apart what came back under one id by its exchange and routing key', async () => {
  const publisher = new Publisher(limits, new FakeClock(), UNHEARD_PUBLISHER);
  publisher.attach(new FakeChannel(), true);
  const publish = (routingKey: string): Promise<void> =>
    publisher.publish({
      message: { ...wireMessage('one id'), routingKey },
      timeout: 50,
      resend: true,
      confirm: true,
      rejectReturned: true,
    });
  const routable = publish('somewhere');
  const unroutable = publish('nowhere');
  const { exchange, body } = wireMessage('one id');
  publisher.returned({
    replyCode: 312,
    replyText: 'NO_ROUTE',
    messageId: 'one id',
    exchange,
    routingKey: 'nowhere',
    body,
  });
  publisher.confirmed(2, true, true);
  await routable;
  await expect(unroutable).rejects.toMatchObject({ code: 'UNROUTABLE' });
});
