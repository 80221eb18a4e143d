import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { greet } from '../protocol/frames.fixture.ts';
import { assault } from '../protocol/hostile.fixture.ts';
import { type Broker, startBroker } from './broker.ts';
import { Peer } from './peer.fixture.ts';

/** Publishes and fetches a message. */
async function expectToWork(peer: Peer): Promise<void> {
  await peer.queue('mine', { durable: false, exclusive: true });
  peer.publish(1, { routingKey: 'mine', body: 'hello' });
  const { body } = await peer.call(1, 'basic.get', 'basic.get-ok', { queue: 'mine', noAck: true });
  expect(body).toBe('hello');
}

/** Sends everything, hangs up, and resolves once the broker has done so as well. */
async function attack(broker: Broker, pieces: readonly Buffer[]): Promise<void> {
  using peer = Peer.connect(broker);
  for (const piece of pieces) peer.write(piece);
  peer.socket.end();
  await peer.closed;
}

describe('a broker under attack', () => {
  it('goes on, and leaves the other connections alone', async () => {
    await using broker = await startBroker();
    using neighbour = await Peer.open(broker);
    await fc.assert(
      fc.asyncProperty(fc.array(assault, { minLength: 1, maxLength: 4 }), async (assaults) => {
        await Promise.all(assaults.map((pieces) => attack(broker, pieces)));
        await expectToWork(neighbour);
        expect(broker.inspect().connections).toHaveLength(1);
      }),
      { seed: 2, numRuns: 50, interruptAfterTimeLimit: 1000 },
    );
  });

  it('answers other protocols with its own header, and hangs up', async () => {
    await using broker = await startBroker();
    using peer = Peer.connect(broker);
    const answer: Buffer[] = [];
    peer.socket.removeAllListeners('data');
    peer.socket.on('data', (bytes: Buffer) => answer.push(bytes));
    peer.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    await peer.closed;
    expect(Buffer.concat(answer).toString('latin1', 0, 4)).toBe('AMQP');
    expect(answer).toHaveLength(1);
  });

  it('serves a client whose bytes come one by one', async () => {
    await using broker = await startBroker();
    using peer = Peer.connect(broker);
    for (const byte of greet()) peer.write(Buffer.from([byte]));
    await peer.next('connection.open-ok');
    await peer.call(1, 'channel.open', 'channel.open-ok');
    await expectToWork(peer);
  });
});
