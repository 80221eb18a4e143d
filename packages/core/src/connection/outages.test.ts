import { expect, it } from 'vitest';
import { createReporter } from '../diagnostics/reporter.fixture.ts';
import { LeveretError } from '../errors/leveret-error.ts';
import { FakeClock } from '../internal/fake-clock.fixture.ts';
import { Outages } from './outages.ts';

const cause = new LeveretError('CONNECTION_LOST', 'cut');
const error = new LeveretError('CONNECTION_FAILED', 'refused');
const replayed = { exchanges: 1, queues: 2, bindings: 3, consumers: 4 };
const at = { host: 'h', port: 1 };

function setUp() {
  const clock = new FakeClock();
  const reporter = createReporter();
  const outages = new Outages(reporter, clock);
  const lose = () => outages.report({ type: 'reconnecting', ...at, cause });
  const fail = () => outages.report({ type: 'connect-failed', ...at, attempt: 1, error });
  const recover = (channel: number) =>
    outages.report({ type: 'recovered', channel, duration: 1, replayed, resent: channel });
  return { clock, reporter, outages, lose, fail, recover };
}

it('an outage ends with one reconnected, which says how long it took and what was put back', () => {
  const { clock, reporter, outages, lose, fail, recover } = setUp();
  lose();
  clock.advance(30);
  fail();
  clock.advance(20);
  recover(5);
  recover(6);
  outages.whole(at);
  outages.whole(at);
  expect(reporter.events.map(({ type }) => type)).toEqual([
    'reconnecting',
    'connect-failed',
    'recovered',
    'recovered',
    'reconnected',
  ]);
  expect(reporter.events.at(-1)).toEqual({
    type: 'reconnected',
    ...at,
    duration: 50,
    attempts: 2,
    channels: 2,
    replayed: { exchanges: 2, queues: 4, bindings: 6, consumers: 8 },
    resent: 11,
  });
});

it('a loss before everything was back belongs to the same outage', () => {
  const { clock, reporter, outages, lose } = setUp();
  lose();
  clock.advance(10);
  lose();
  clock.advance(5);
  outages.whole(at);
  expect(reporter.events.at(-1)).toMatchObject({ type: 'reconnected', duration: 15, attempts: 2 });
});

it('what happens without an outage begins none', () => {
  const { reporter, outages, fail, recover } = setUp();
  fail();
  recover(1);
  outages.whole(at);
  expect(reporter.events.map(({ type }) => type)).toEqual(['connect-failed', 'recovered']);
});
