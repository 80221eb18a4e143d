import { expect, it } from 'vitest';
import { createReporter } from '../diagnostics/reporter.fixture.ts';
import { FakeClock, settled } from '../internal/fake-clock.fixture.ts';
import { FakeDriver } from './fake-driver.fixture.ts';
import { connectionConfig } from './options.ts';
import { type ConnectionStatus, Supervisor } from './supervisor.ts';

async function connected() {
  const driver = new FakeDriver();
  const clock = new FakeClock();
  const supervisor = new Supervisor(connectionConfig({}), driver, clock, createReporter());
  const opening = supervisor.open();
  opening.catch(() => undefined);
  await settled();
  return { driver, supervisor, clock };
}

it('reconnects where the connection is lost in the very turn in which it was opened', async () => {
  const { driver, clock } = await connected();
  const done = driver.last.succeed();
  driver.last.events.lost(new Error('cut'));
  await done;
  clock.advance(200);
  await settled();
  expect(driver.attempts).toHaveLength(2);
});

it('knows that it is blocked where the broker said so in the turn in which it was opened', async () => {
  const { driver, supervisor } = await connected();
  const done = driver.last.succeed();
  driver.last.events.blocked('low on memory');
  await done;
  expect(supervisor.status.state).toBe('blocked');
});

it('takes no word of an earlier connection for one of the present', async () => {
  const { driver, supervisor, clock } = await connected();
  const first = driver.last;
  await first.succeed();
  first.events.lost(new Error('cut'));
  clock.advance(200);
  await settled();
  await driver.last.succeed();
  first.events.blocked('old');
  expect(supervisor.status.state).toBe('connected');
});

it('tells no change of status where nothing changed', async () => {
  const { driver, supervisor } = await connected();
  await driver.last.succeed();
  const statuses: ConnectionStatus[] = [];
  supervisor.changes.add((status) => statuses.push(status));
  driver.last.events.unblocked();
  expect(statuses).toEqual([]);
});
