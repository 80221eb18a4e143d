// The clock of the machine is set: by hand, by NTP, or by the end of a suspension.
import { deadline } from '@leveret/testkit';
import { describeWithBroker } from '@leveret/testkit/vitest';
import { afterEach, expect, test, vi } from 'vitest';
import { codeOf, openPair, privateQueue, text, textOf } from './live.fixture.ts';

const DAY = 86_400_000;

afterEach(() => vi.useRealTimers());

describeWithBroker('when the clock of the machine jumps', (getUrl) => {
  test.for([
    ['a day ahead', DAY],
    ['a day back', -DAY],
  ] as const)('%s, deadlines neither end early nor never', async ([, jump]) => {
    await using pair = await openPair(getUrl(), { operationTimeout: 5000, heartbeat: 1000 });
    const { channel, connection } = pair;
    const queue = await privateQueue(channel);
    const waiting = queue.iterate({ timeout: 200 }).next();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + jump });
    expect(await deadline(codeOf(waiting), 5000, 'the timeout')).toBe('TIMEOUT');
    await channel.defaultExchange.publish({ ...text('x'), timestamp: new Date() }, queue.name);
    const message = await queue.get();
    expect(textOf(message)).toBe('x');
    message?.ack();
    vi.setSystemTime(Date.now() - 2 * jump);
    await channel.defaultExchange.publish(text('y'), queue.name, { timeout: 5000 });
    expect(connection.status.state).toBe('connected');
  });
});
