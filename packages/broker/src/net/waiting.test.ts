import { describe, expect, it } from 'vitest';
import { startBroker } from './broker.ts';
import { Peer } from './peer.fixture.ts';

describe('waiting for a queue', () => {
  it('resolves at once with what is true already', async () => {
    await using broker = await startBroker();
    using peer = await Peer.open(broker);
    await peer.queue('q');
    expect(await broker.untilEmpty('q')).toMatchObject({ name: 'q', ready: 0, unacked: 0 });
  });

  it('waits for the queue, for messages, for consumers, and for both to be gone', async () => {
    await using broker = await startBroker();
    using peer = await Peer.open(broker);
    const filled = broker.untilQueue('q', ({ ready }) => ready === 2);
    const consumed = broker.untilConsumer('q');
    await peer.queue('q');
    peer.publish(1, { routingKey: 'q' });
    peer.publish(1, { routingKey: 'q' });
    expect((await filled).ready).toBe(2);
    const empty = broker.untilEmpty('q');
    await peer.consume('q');
    expect((await consumed).consumers).toHaveLength(1);
    await peer.next('basic.deliver');
    const { fields } = await peer.next('basic.deliver');
    await broker.untilQueue('q', ({ unacked }) => unacked === 2);
    peer.send(1, 'basic.ack', { deliveryTag: fields.deliveryTag, multiple: true });
    expect(await empty).toMatchObject({ ready: 0, unacked: 0 });
  });

  it('looks into the virtual host that is named', async () => {
    await using broker = await startBroker({ vhosts: ['/', 'other'] });
    using peer = await Peer.open(broker, { vhost: 'other' });
    await peer.queue('q');
    expect((await broker.untilEmpty('q', { vhost: 'other' })).vhost).toBe('other');
    await expect(broker.untilEmpty('q', { vhost: 'third' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: "INVALID_ARGUMENT: vhost must be one of the broker's, got third",
    });
    const impatient = broker.untilEmpty('q', { timeout: Number.NaN });
    await expect(impatient).rejects.toMatchObject({
      message: expect.stringMatching(/^INVALID_ARGUMENT: timeout must be .*, got NaN$/),
    });
  });

  it('gives up in time, and says what for', async () => {
    await using broker = await startBroker();
    await expect(broker.untilEmpty('q', { timeout: 1 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: "TIMEOUT: queue 'q' did not get empty within 1 ms: there is no such queue",
    });
  });

  it('ends when the broker is closed, before or after', async () => {
    const broker = await startBroker();
    const code = 'CLOSED';
    const waiting = expect(broker.untilConsumer('q')).rejects.toMatchObject({ code });
    await broker.close();
    await waiting;
    await expect(broker.untilConsumer('q')).rejects.toMatchObject({ code });
  });

  it('rejects with what the predicate throws, at once or later', async () => {
    await using broker = await startBroker();
    using peer = await Peer.open(broker);
    const failure = new Error('no');
    const fails = (): boolean => {
      throw failure;
    };
    const later = expect(broker.untilQueue('q', fails)).rejects.toBe(failure);
    await peer.queue('q');
    await later;
    await expect(broker.untilQueue('q', fails)).rejects.toBe(failure);
  });
});
