import { describe, expect, it } from 'vitest';
import { createReporter } from '../diagnostics/reporter.fixture.ts';
import type { DriverChannelEvents, DriverConnection } from '../driver/driver.ts';
import { LeveretError } from '../errors/leveret-error.ts';
import { deferred, ignore } from '../internal/deferred.ts';
import { FakeClock, settled } from '../internal/fake-clock.fixture.ts';
import { FakeChannel } from './fake-channel.fixture.ts';
import { channelConfig } from './options.ts';
import { Session } from './session.ts';
import { Subscription } from './subscription.ts';

const lost = new LeveretError('CONNECTION_LOST', 'cut');

/** A connection that opens channels whose broker is the test. */
class FakeLink implements DriverConnection {
  readonly frameMax = 8192;
  readonly serverProperties = undefined;
  readonly channels: { readonly channel: FakeChannel; readonly events: DriverChannelEvents }[] = [];
  /** Prepares each channel before it is handed out. */
  prepare: (channel: FakeChannel) => void = ignore;

  openChannel(events: DriverChannelEvents): Promise<FakeChannel> {
    const channel = new FakeChannel();
    this.prepare(channel);
    this.channels.push({ channel, events });
    return Promise.resolve(channel);
  }

  updateSecret(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  destroy(): void {}
}

async function openSession() {
  const clock = new FakeClock();
  const reporter = createReporter();
  const session = new Session(
    1,
    {
      clock,
      operationTimeout: 1000,
      closeTimeout: 1000,
      backoff: { initial: 100, max: 1000 },
      status: () => ({ state: 'connected', host: 'h', port: 1 }),
      join: ignore,
      leave: ignore,
      reporter,
    },
    channelConfig({}),
  );
  const opening = session.open();
  const link = new FakeLink();
  session.linkUp(link);
  await opening;
  const consume = async (name: string): Promise<Subscription> => {
    const config = {
      queue: { name },
      consumerTag: '',
      noAck: false,
      exclusive: false,
      arguments: undefined,
      prefetch: 10,
      concurrency: 1,
      drainTimeout: 1000,
    };
    const subscription = new Subscription(config, ignore, session.news, clock);
    await session.subscribe(subscription);
    return subscription;
  };
  return { session, clock, consume, link, reporter };
}

describe('a consumer while its channel is restored', () => {
  it('is cancelled at the broker when it is closed after it was started again', async () => {
    const { session, consume } = await openSession();
    const first = await consume('first');
    await consume('second');
    session.linkDown(lost);
    const link = new FakeLink();
    const held = deferred();
    link.prepare = (channel) => {
      channel.answer = (request) =>
        request === 'consume second' ? held.promise : Promise.resolve();
    };
    session.linkUp(link);
    await settled();
    expect(first.tag).toBe('ctag-1');
    const { done } = session.consumers.stop(first);
    held.resolve();
    await done;
    expect(link.channels[0]?.channel.log).toContain('cancel ctag-1');
  });

  it('goes on when the broker cancels it just then', async () => {
    const { session, consume } = await openSession();
    const first = await consume('first');
    await consume('second');
    session.linkDown(lost);
    const link = new FakeLink();
    const held = deferred();
    link.prepare = (channel) => {
      channel.answer = (request) =>
        request === 'consume second' ? held.promise : Promise.resolve();
    };
    session.linkUp(link);
    await settled();
    link.channels[0]?.events.cancelled('ctag-1');
    held.resolve();
    await settled();
    expect(first.tag).toBe('ctag-3');
  });

  it('does not keep the others from coming back when it is refused', async () => {
    const { session, consume, clock } = await openSession();
    const refused = await consume('refused');
    const welcome = await consume('welcome');
    session.linkDown(lost);
    const link = new FakeLink();
    link.prepare = (channel) => {
      channel.answer = async (request) => {
        if (request === 'consume refused') throw new LeveretError('ACCESS_REFUSED', 'taken');
      };
    };
    session.linkUp(link);
    await settled();
    clock.advance(100);
    await settled();
    expect(session.status.state).toBe('open');
    expect(welcome.tag).toBeDefined();
    expect(await refused.ended).toMatchObject({
      code: 'CANCELLED',
      cause: { code: 'ACCESS_REFUSED' },
    });
  });
});

describe('a consumer whose start was waited for in vain', () => {
  it('is cancelled at the broker where a recovery has started it meanwhile', async () => {
    const { session, consume, clock } = await openSession();
    await consume('first');
    session.linkDown(lost);
    const late = consume('late').catch((error: unknown) => error);
    clock.advance(500);
    const link = new FakeLink();
    const held = deferred();
    link.prepare = (channel) => {
      channel.answer = (request) => (request === 'consume last' ? held.promise : Promise.resolve());
    };
    const last = consume('last');
    last.catch(ignore);
    session.linkUp(link);
    await settled();
    expect(session.status.state).toBe('recovering');
    clock.advance(500);
    expect(await late).toMatchObject({ code: 'TIMEOUT' });
    expect(link.channels[0]?.channel.log).toContain('cancel ctag-2');
  });
});

describe('a channel that the broker closes', () => {
  it('comes back with a consumer whose start had only just been answered', async () => {
    const { session, consume, link } = await openSession();
    const consuming = consume('queue');
    await Promise.resolve();
    link.channels[0]?.events.ended({
      kind: 'channel',
      replyCode: 404,
      replyText: 'gone',
      publish: false,
    });
    await settled();
    session.linkDown(lost);
    const next = new FakeLink();
    session.linkUp(next);
    const subscription = await consuming;
    await settled();
    expect(session.status.state).toBe('open');
    expect(next.channels[0]?.channel.consumers.has(subscription.tag ?? '')).toBe(true);
  });

  it('right behind the last answer of its recovery is opened once more', async () => {
    const { session, consume, clock } = await openSession();
    const subscription = await consume('queue');
    session.linkDown(lost);
    const link = new FakeLink();
    link.prepare = (channel) => {
      if (link.channels.length > 0) return;
      channel.answer = async (request) => {
        const end = { replyCode: 406, replyText: 'no', publish: false } as const;
        if (request === 'consume queue')
          link.channels[0]?.events.ended({ kind: 'channel', ...end });
      };
    };
    session.linkUp(link);
    await settled();
    expect(session.status).toMatchObject({
      state: 'recovering',
      cause: { code: 'CONNECTION_LOST' },
    });
    clock.advance(100);
    await settled();
    expect(session.status.state).toBe('open');
    expect(link.channels[1]?.channel.consumers.has(subscription.tag ?? '')).toBe(true);
  });

  it('soon after it opened is opened again with a delay, later at once', async () => {
    const { session, clock, link } = await openSession();
    const close = (): void =>
      link.channels.at(-1)?.events.ended({
        kind: 'channel',
        replyCode: 406,
        replyText: 'no',
        publish: false,
      });
    close();
    await settled();
    expect(session.status.state).toBe('recovering');
    clock.advance(100);
    await settled();
    expect(session.status.state).toBe('open');
    clock.advance(1000);
    close();
    await settled();
    expect(session.status.state).toBe('open');
  });
});
