import { describe, expect, it } from 'vitest';
import { createReporter } from '../diagnostics/reporter.fixture.ts';
import { LeveretError } from '../errors/leveret-error.ts';
import { FakeClock, outcomeOf, settled } from '../internal/fake-clock.fixture.ts';
import { FakeDriver } from './fake-driver.fixture.ts';
import { type ConnectionOptions, connectionConfig } from './options.ts';
import { type ConnectionStatus, type LinkMember, Supervisor } from './supervisor.ts';

const refusedPort = new LeveretError('CONNECTION_FAILED', 'port refused');
const wrongPassword = new LeveretError('ACCESS_REFUSED', 'wrong password');

async function setUp(options: ConnectionOptions = {}) {
  const clock = new FakeClock();
  const driver = new FakeDriver();
  const supervisor = new Supervisor(connectionConfig(options), driver, clock, createReporter());
  const statuses: ConnectionStatus[] = [];
  supervisor.changes.add((status) => statuses.push(status));
  const opening = supervisor.open();
  opening.catch(() => undefined);
  await settled();
  /** Lets the timer of the next attempt fire. */
  const nextAttempt = async (): Promise<void> => {
    clock.advance(clock.next ?? 0);
    await settled();
  };
  return { clock, driver, supervisor, statuses, opening, nextAttempt };
}

/** The same, connected. */
async function connected(options: ConnectionOptions = {}) {
  const set = await setUp(options);
  await set.driver.last.succeed();
  await set.opening;
  set.statuses.length = 0;
  return set;
}

/** A channel that notes what it is told. */
function member(): LinkMember & { readonly log: string[] } {
  const log: string[] = [];
  return {
    log,
    linkUp: () => log.push('up'),
    linkDown: (cause) => log.push(`down ${cause.code}`),
    linkOver: (cause) => log.push(`over ${cause?.code}`),
    linkBlocked: (blocked) => log.push(blocked ? 'blocked' : 'unblocked'),
  };
}

describe('the first connection', () => {
  it('is told what to connect to, and is there once the driver has it', async () => {
    const { driver, supervisor, opening, statuses, clock } = await setUp({
      hosts: ['one:5673'],
      vhost: 'v',
      username: 'u',
      password: 'p',
      name: 'me',
      heartbeat: 5000,
      frameMax: 10_000,
      channelMax: 7,
      attemptTimeout: 123,
    });
    expect(supervisor.status).toEqual({ state: 'connecting', attempt: 1 });
    expect(supervisor.frameMax).toBe(10_000);
    expect(driver.last.target).toEqual({
      host: 'one',
      port: 5673,
      vhost: 'v',
      username: 'u',
      password: 'p',
      tls: undefined,
      heartbeat: 5,
      frameMax: 10_000,
      channelMax: 7,
      connectionName: 'me',
      timeout: 123,
      signal: expect.any(AbortSignal),
    });
    await driver.last.succeed();
    await opening;
    expect(supervisor.status).toEqual({ state: 'connected', host: 'one', port: 5673 });
    expect(statuses).toEqual([supervisor.status]);
    expect(supervisor.username).toBe('u');
    expect(supervisor.frameMax).toBe(8192);
    expect(clock.timers).toBe(0);
  });

  it('is called off, credentials and all, when it takes too long', async () => {
    const { driver, clock, opening } = await setUp({ connectTimeout: 50 });
    clock.advance(50);
    await expect(opening).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(driver.last.target.signal?.aborted).toBe(true);
    const never = () => new Promise<never>(() => {});
    const other = await setUp({ connectTimeout: 50, credentials: never });
    other.clock.advance(50);
    await expect(other.opening).rejects.toMatchObject({ code: 'TIMEOUT' });
    await settled();
    expect(other.clock.timers).toBe(0);
  });

  it('is tried again after a refused port, with growing delays, over the hosts in turn', async () => {
    const { driver, clock, nextAttempt, opening, supervisor } = await setUp({
      hosts: ['one', 'two', 'three'],
      backoff: { initial: 100, max: 350 },
    });
    const delays: (number | undefined)[] = [];
    for (let attempt = 1; attempt <= 5; attempt++) {
      await driver.last.fail(refusedPort);
      delays.push(clock.next);
      await nextAttempt();
      expect(supervisor.status).toEqual({ state: 'connecting', attempt: attempt + 1 });
    }
    // Half of the bound, as the clock's chance is one half.
    expect(delays).toEqual([50, 100, 175, 175, 175]);
    const hosts = driver.attempts.map(({ target }) => target.host);
    expect(new Set(hosts.slice(0, 3))).toEqual(new Set(['one', 'two', 'three']));
    expect(hosts.slice(3)).toEqual(hosts.slice(0, 3));
    await driver.last.succeed();
    await opening;
    expect(supervisor.status).toMatchObject({ state: 'connected', host: hosts[5] });
  });

  it('begins with a host of its own choice, so that clients spread over the hosts', () => {
    const config = connectionConfig({ hosts: ['one', 'two'] });
    const firsts = [0, 0.99].map((chance) => {
      const clock = new FakeClock();
      clock.chance = chance;
      const driver = new FakeDriver();
      const supervisor = new Supervisor(config, driver, clock, createReporter());
      supervisor.open().catch(() => undefined);
      return settled().then(() => driver.last.target.host);
    });
    return expect(Promise.all(firsts)).resolves.toEqual(['two', 'one']);
  });

  it('is TIMEOUT with the last failure as the cause after connectTimeout, and no attempt follows', async () => {
    const { driver, clock, opening, supervisor, nextAttempt } = await setUp({
      connectTimeout: 1000,
      backoff: { initial: 400, max: 400 },
    });
    const last = new LeveretError('CONNECTION_FAILED', 'name not resolved');
    await driver.last.fail(refusedPort);
    await nextAttempt();
    await driver.last.fail(last);
    await nextAttempt();
    clock.advance(600);
    await expect(opening).rejects.toMatchObject({
      code: 'TIMEOUT',
      operation: 'connect',
      timeout: 1000,
      cause: last,
    });
    expect(supervisor.status).toMatchObject({ state: 'closed', cause: { code: 'TIMEOUT' } });
    await driver.last.fail(refusedPort);
    expect(clock.timers).toBe(0);
    expect(driver.attempts).toHaveLength(3);
  });

  it('is TIMEOUT also where it waits for the next attempt, whose timer is taken back', async () => {
    const { driver, clock, opening } = await setUp({
      connectTimeout: 1000,
      backoff: { initial: 9000, max: 9000 },
    });
    await driver.last.fail(refusedPort);
    clock.advance(1000);
    await expect(opening).rejects.toMatchObject({ code: 'TIMEOUT', cause: refusedPort });
    expect(clock.timers).toBe(0);
  });

  it.each(['ACCESS_REFUSED', 'NOT_ALLOWED', 'INVALID_ARGUMENT'] as const)(
    'fails at once for %s',
    async (code) => {
      const { driver, clock, opening, supervisor } = await setUp();
      const error = new LeveretError(code, 'will not mend itself');
      await driver.last.fail(error);
      await expect(opening).rejects.toBe(error);
      expect(supervisor.status).toEqual({ state: 'closed', cause: error });
      expect(clock.timers).toBe(0);
    },
  );

  it('fails at once with recover: false, whatever the failure', async () => {
    const { driver, clock, opening } = await setUp({ recover: false });
    await driver.last.fail(refusedPort);
    await expect(opening).rejects.toBe(refusedPort);
    expect(clock.timers).toBe(0);
  });

  it('takes what a driver throws for a failed connection', async () => {
    const { driver, supervisor } = await setUp({ recover: false });
    const cause = new Error('from the depths');
    await driver.last.fail(cause);
    expect(supervisor.status).toMatchObject({
      state: 'closed',
      cause: { code: 'CONNECTION_FAILED', cause },
    });
  });
});

describe('credentials', () => {
  it('are asked for afresh for each attempt', async () => {
    let asked = 0;
    const { driver, nextAttempt, supervisor } = await setUp({
      credentials: async () => ({ username: `user ${++asked}`, password: `secret ${asked}` }),
    });
    expect(driver.last.target).toMatchObject({ username: 'user 1', password: 'secret 1' });
    await driver.last.fail(refusedPort);
    await nextAttempt();
    expect(driver.last.target).toMatchObject({ username: 'user 2', password: 'secret 2' });
    await driver.last.succeed();
    expect(supervisor.username).toBe('user 2');
    driver.last.events.lost(new Error('cut'));
    await nextAttempt();
    expect(driver.last.target).toMatchObject({ username: 'user 3', password: 'secret 3' });
  });

  it.each([
    {
      how: 'throws',
      credentials: () => {
        throw new Error('vault');
      },
    },
    { how: 'rejects', credentials: () => Promise.reject(new Error('vault')) },
  ])('count as a failed attempt where the function $how', async ({ credentials }) => {
    const { driver, opening, clock, supervisor } = await setUp({ credentials, connectTimeout: 5 });
    expect(driver.attempts).toHaveLength(0);
    expect(supervisor.status.state).toBe('connecting');
    clock.advance(5);
    await expect(opening).rejects.toMatchObject({
      code: 'TIMEOUT',
      cause: { code: 'CONNECTION_FAILED', cause: { message: 'vault' } },
    });
  });

  it.each<{ what: string; given: unknown }>([
    { what: 'nothing', given: undefined },
    { what: 'null', given: null },
    { what: 'no password', given: { username: 'u' } },
    { what: 'a number for a name', given: { username: 5, password: 'secret' } },
  ])('are INVALID_ARGUMENT at once where they are $what', async ({ given }) => {
    const credentials = () => ({ username: '', password: '' });
    const config = connectionConfig({ credentials });
    Reflect.set(config, 'credentials', () => given);
    const driver = new FakeDriver();
    const supervisor = new Supervisor(config, driver, new FakeClock(), createReporter());
    const error = await supervisor.open().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(String(error)).not.toContain('secret');
    expect(driver.attempts).toHaveLength(0);
  });

  it('say who connects, and nothing else', async () => {
    const more = { username: 'u', password: 'p', host: 'elsewhere', port: 1, vhost: 'other' };
    const { driver } = await setUp({ credentials: () => more });
    expect(driver.last.target).toMatchObject({ host: 'localhost', port: 5672, vhost: '/' });
  });

  it('are waited for no longer than an attempt may take', async () => {
    const { clock, supervisor } = await setUp({
      credentials: () => new Promise(() => undefined),
      attemptTimeout: 50,
      recover: false,
    });
    clock.advance(50);
    await settled();
    expect(supervisor.status).toMatchObject({
      state: 'closed',
      cause: { code: 'TIMEOUT', operation: 'credentials' },
    });
  });
});

describe('after a loss', () => {
  it('reconnects after a delay of the first step, then growing ones, also over errors that are final at first', async () => {
    const { driver, clock, supervisor, nextAttempt, statuses } = await connected({
      backoff: { initial: 100, max: 1000 },
    });
    const cause = new Error('cut');
    clock.advance(1000);
    driver.last.events.lost(cause);
    expect(supervisor.status).toMatchObject({ state: 'reconnecting', attempt: 1 });
    expect(clock.next).toBe(50);
    expect(driver.attempts).toHaveLength(1);
    await nextAttempt();
    expect(driver.attempts).toHaveLength(2);
    expect(supervisor.status).toMatchObject({
      state: 'reconnecting',
      attempt: 1,
      cause: { code: 'CONNECTION_LOST', cause },
    });
    await driver.last.fail(refusedPort);
    expect(clock.next).toBe(50);
    await nextAttempt();
    await driver.last.fail(wrongPassword);
    expect(clock.next).toBe(100);
    await nextAttempt();
    await driver.last.succeed();
    expect(supervisor.status.state).toBe('connected');
    expect(statuses).toMatchObject([
      { state: 'reconnecting', attempt: 1 },
      { state: 'reconnecting', attempt: 2 },
      { state: 'reconnecting', attempt: 3 },
      { state: 'connected' },
    ]);
    expect(clock.timers).toBe(0);
  });

  it('counts on over links that do not last, and from the first again after one that does', async () => {
    const { driver, clock, nextAttempt } = await connected({
      backoff: { initial: 100, max: 1000 },
    });
    const delays: (number | undefined)[] = [];
    for (const lived of [1000, 0, 999, 0, 500, 1000, 0]) {
      clock.advance(lived);
      driver.last.events.lost(new Error('cut'));
      delays.push(clock.next);
      await nextAttempt();
      await driver.last.succeed();
    }
    expect(delays).toEqual([50, 50, 100, 200, 400, 50, 50]);
  });

  it('is never over by itself: connectTimeout is for the first connection only', async () => {
    const { driver, clock, supervisor, nextAttempt } = await connected({ connectTimeout: 1 });
    driver.last.events.lost(new Error('cut'));
    await nextAttempt();
    for (let attempt = 0; attempt < 20; attempt++) {
      await driver.last.fail(refusedPort);
      await nextAttempt();
      clock.advance(1000);
    }
    expect(supervisor.status.state).toBe('reconnecting');
  });

  it('is closed with the cause where it must not recover', async () => {
    const { driver, supervisor, clock } = await connected({ recover: false });
    const channel = member();
    supervisor.join(channel);
    driver.last.events.lost(new Error('cut'));
    expect(supervisor.status).toMatchObject({
      state: 'closed',
      cause: { code: 'CONNECTION_LOST' },
    });
    expect(channel.log).toEqual([
      'unblocked',
      'up',
      'down CONNECTION_LOST',
      'over CONNECTION_LOST',
    ]);
    expect(driver.attempts).toHaveLength(1);
    expect(clock.timers).toBe(0);
  });

  it('keeps the size of a frame that was agreed on last', async () => {
    const { driver, supervisor } = await connected();
    driver.last.events.lost(new Error('cut'));
    expect(supervisor.frameMax).toBe(8192);
  });

  it('takes no loss of an earlier connection for one of the present', async () => {
    const { driver, supervisor, nextAttempt } = await connected();
    const [first] = driver.attempts;
    first?.events.lost(new Error('cut'));
    await nextAttempt();
    await driver.last.succeed();
    first?.events.lost(new Error('again'));
    expect(supervisor.status.state).toBe('connected');
    expect(driver.attempts).toHaveLength(2);
  });
});

describe('channels', () => {
  it('are told when there is a connection, when there is none, and when it is over', async () => {
    const { driver, supervisor, opening, nextAttempt } = await setUp();
    const early = member();
    supervisor.join(early);
    expect(early.log).toEqual([]);
    await driver.last.succeed();
    await opening;
    expect(early.log).toEqual(['up']);
    const late = member();
    supervisor.join(late);
    expect(late.log).toEqual(['unblocked', 'up']);
    driver.last.events.lost(new Error('cut'));
    await nextAttempt();
    await driver.last.succeed();
    supervisor.leave(late);
    await supervisor.close();
    expect(early.log).toEqual(['up', 'down CONNECTION_LOST', 'up', 'over undefined']);
    expect(late.log).toEqual(['unblocked', 'up', 'down CONNECTION_LOST', 'up']);
    const tooLate = member();
    supervisor.join(tooLate);
    expect(tooLate.log).toEqual(['over undefined']);
  });

  it('are told that publishers are blocked, those that join later too, and that a loss ends it', async () => {
    const { driver, supervisor } = await connected();
    const channel = member();
    supervisor.join(channel);
    driver.last.events.blocked('low on memory');
    expect(supervisor.status).toMatchObject({ state: 'blocked', reason: 'low on memory' });
    const late = member();
    supervisor.join(late);
    driver.last.events.unblocked();
    expect(supervisor.status.state).toBe('connected');
    driver.last.events.blocked('low on disk');
    driver.last.events.lost(new Error('cut'));
    expect(late.log.slice(0, 3)).toEqual(['blocked', 'up', 'unblocked']);
    expect(channel.log).toEqual([
      'unblocked',
      'up',
      'blocked',
      'unblocked',
      'blocked',
      'down CONNECTION_LOST',
      'unblocked',
    ]);
  });
});

describe('closing', () => {
  it('says goodbye, then lets go of the socket, and twice is harmless', async () => {
    const { driver, supervisor, clock, statuses } = await connected();
    await Promise.all([supervisor.close(), supervisor.close()]);
    await supervisor.close();
    expect(driver.last.link.log).toEqual(['close', 'destroy']);
    expect(statuses).toEqual([{ state: 'closed', cause: undefined }]);
    expect(clock.timers).toBe(0);
  });

  it.each([
    { how: 'does not answer', answer: () => new Promise<void>(() => undefined) },
    { how: 'answers with an error', answer: () => Promise.reject(new Error('gone')) },
  ])('ends within closeTimeout where the broker $how', async ({ answer }) => {
    const { driver, supervisor, clock } = await connected({ closeTimeout: 100 });
    driver.last.link.answerClose = answer;
    const closing = supervisor.close();
    await settled();
    clock.advance(100);
    await closing;
    expect(driver.last.link.log).toEqual(['close', 'destroy']);
    expect(clock.timers).toBe(0);
  });

  it('while an attempt is under way ends it with CLOSED, and a late success is let go of', async () => {
    const { driver, supervisor, opening, clock } = await setUp();
    await supervisor.close();
    await expect(opening).rejects.toMatchObject({ code: 'CLOSED' });
    await driver.last.succeed();
    expect(driver.last.link.log).toEqual(['destroy']);
    expect(supervisor.status).toEqual({ state: 'closed', cause: undefined });
    expect(clock.timers).toBe(0);
  });

  it('while the next attempt is waited for leaves no timer', async () => {
    const { driver, supervisor, opening, clock } = await setUp();
    await driver.last.fail(refusedPort);
    expect(clock.timers).toBe(2);
    await supervisor.close();
    await expect(opening).rejects.toMatchObject({ code: 'CLOSED' });
    expect(clock.timers).toBe(0);
    expect(driver.attempts).toHaveLength(1);
  });

  it.each(['under way', 'waited for'])('while reconnecting, an attempt %s', async (phase) => {
    const { driver, supervisor, clock, nextAttempt } = await connected();
    driver.last.events.lost(new Error('cut'));
    if (phase === 'under way') await nextAttempt();
    await supervisor.close();
    expect(clock.timers).toBe(0);
    if (phase === 'under way') await driver.last.succeed();
    expect(driver.last.link.log).toEqual(phase === 'under way' ? ['destroy'] : []);
    expect(supervisor.status.state).toBe('closed');
  });

  it('while blocked ends as well', async () => {
    const { driver, supervisor, clock } = await connected();
    driver.last.events.blocked('low on memory');
    await supervisor.close();
    expect(driver.last.link.log).toEqual(['close', 'destroy']);
    expect(clock.timers).toBe(0);
  });

  it('hides no later event behind it: a closed connection stays closed', async () => {
    const { driver, supervisor, statuses } = await connected();
    await supervisor.close();
    const { events } = driver.last;
    events.lost(new Error('cut'));
    events.blocked('low on memory');
    events.unblocked();
    expect(await outcomeOf(supervisor.close())).toEqual({ value: undefined });
    expect(statuses).toHaveLength(1);
  });
});
