import { expect, it } from 'vitest';
import { LeveretError } from '../errors/leveret-error.ts';
import { FakeClock, outcomeOf } from '../internal/fake-clock.fixture.ts';
import { wireMessage } from '../message/messages.fixture.ts';
import { FakeChannel, UNHEARD_PUBLISHER } from './fake-channel.fixture.ts';
import { Publisher } from './publisher.ts';

function publisher() {
  const clock = new FakeClock();
  const it = new Publisher(
    { maxInFlight: 2, maxBuffered: 5, maxBufferedBytes: 100, nackTimeout: 0 },
    clock,
    UNHEARD_PUBLISHER,
  );
  const publish = (resend: boolean) =>
    it
      .publish({
        message: wireMessage('a'),
        timeout: 50,
        resend,
        confirm: true,
        rejectReturned: true,
      })
      .catch(() => undefined);
  return { clock, it, publish };
}
it('is drained when the last publish that waits expires', async () => {
  const p = publisher();
  p.publish(true);
  const drained = p.it.drained();
  p.clock.advance(50);
  expect(await outcomeOf(drained)).toEqual({ value: undefined });
});

it('is drained when the last publish is lost with its channel', async () => {
  const p = publisher();
  p.it.attach(new FakeChannel(), true);
  p.publish(false);
  const drained = p.it.drained();
  p.it.detach(new LeveretError('CONNECTION_LOST', 'cut'));
  expect(await outcomeOf(drained)).toEqual({ value: undefined });
});

it('is drained when it is closed', async () => {
  const p = publisher();
  p.publish(true);
  const drained = p.it.drained();
  p.it.close(new LeveretError('CLOSED', 'over'));
  expect(await outcomeOf(drained)).toEqual({ value: undefined });
});
