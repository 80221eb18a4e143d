import { describe, expect, it } from 'vitest';
import { FakeBroker, type FakeClient } from './connection.fixture.ts';
import { Requests } from './frames.fixture.ts';

/** Lets time pass second by second, and what was sent meanwhile leave. */
function pass(
  broker: FakeBroker,
  client: FakeClient,
  seconds: number,
  each = (): void => {},
): void {
  for (let i = 0; i < seconds; i += 1) {
    broker.clock.advance(1000);
    client.answers();
    each();
  }
}

const beat = new Requests().heartbeat().take();

describe('heartbeats', () => {
  it('are sent within each interval in which nothing else is', () => {
    const broker = new FakeBroker();
    const client = broker.client({ heartbeat: 10 });
    pass(broker, client, 60, () => client.receive(beat));
    expect(client.log.heartbeats).toBeGreaterThanOrEqual(5);
    expect(client.log.heartbeats).toBeLessThanOrEqual(12);
  });

  it('are not sent to a client who gets something else all the time', () => {
    const broker = new FakeBroker();
    const client = broker.client({ heartbeat: 10 });
    pass(broker, client, 60, () => client.call(1, 'basic.qos'));
    expect(client.log.heartbeats).toBe(0);
  });

  it('keep a client who has nothing else to say', () => {
    const broker = new FakeBroker();
    const client = broker.client({ heartbeat: 10 });
    pass(broker, client, 120, () => client.receive(beat));
    expect(client.transport.state).toBe('open');
  });

  it('are missed after two intervals and a half at most, and not before two', () => {
    const broker = new FakeBroker();
    const client = broker.client({ heartbeat: 10 });
    pass(broker, client, 19);
    expect(client.transport.state).toBe('open');
    pass(broker, client, 6);
    expect(client.transport.state).toBe('destroyed');
  });

  it('are not expected of a client who is not read', () => {
    const broker = new FakeBroker();
    const client = broker.client({ heartbeat: 10 });
    client.transport.pause();
    pass(broker, client, 60);
    expect(client.transport.state).toBe('open');
    client.transport.resume();
    pass(broker, client, 25);
    expect(client.transport.state).toBe('destroyed');
  });

  it('are neither sent nor expected where the client wants none', () => {
    const broker = new FakeBroker();
    const client = broker.client({ heartbeat: 0 });
    expect(broker.clock.pending).toBe(0);
    pass(broker, client, 120);
    expect(client.log.heartbeats).toBe(0);
    expect(client.transport.state).toBe('open');
  });

  it('end with the connection', () => {
    const broker = new FakeBroker();
    const client = broker.client({ heartbeat: 10 });
    expect(broker.clock.pending).toBe(1);
    client.connection.lost();
    expect(broker.clock.pending).toBe(0);
  });
});
