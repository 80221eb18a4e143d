import { FakeChannel } from '../channel/fake-channel.fixture.ts';
import type {
  Driver,
  DriverChannelEvents,
  DriverConnection,
  DriverConnectionEvents,
  DriverTarget,
} from '../driver/driver.ts';
import { deferred } from '../internal/deferred.ts';
import { settled } from '../internal/fake-clock.fixture.ts';

/** A connection of {@link FakeDriver}. */
export class FakeLink implements DriverConnection {
  readonly frameMax = 8192;
  readonly serverProperties = { product: 'fake' };
  /** What became of it, in order. */
  readonly log: string[] = [];
  readonly channels: { readonly channel: FakeChannel; readonly events: DriverChannelEvents }[] = [];
  /** Answers `close`; by default at once. */
  answerClose: () => Promise<void> = () => Promise.resolve();

  async openChannel(events: DriverChannelEvents): Promise<FakeChannel> {
    const channel = new FakeChannel();
    this.channels.push({ channel, events });
    return channel;
  }

  updateSecret(secret: string): Promise<void> {
    this.log.push(`secret ${secret}`);
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.log.push('close');
    return this.answerClose();
  }

  destroy(): void {
    this.log.push('destroy');
  }
}

/** One attempt to connect, which ends as the test says. */
export interface Attempt {
  readonly target: DriverTarget;
  readonly events: DriverConnectionEvents;
  readonly link: FakeLink;
  succeed(): Promise<void>;
  fail(error: Error): Promise<void>;
}

/** A driver whose network is the test. */
export class FakeDriver implements Driver {
  readonly name = 'fake 1.0';
  readonly headers = { dates: true, bytes: true };
  readonly arguments = { dates: true, bytes: true };
  readonly attempts: Attempt[] = [];

  /** The last attempt; there must be one. */
  get last(): Attempt {
    const attempt = this.attempts.at(-1);
    if (!attempt) throw new Error('nobody has tried to connect');
    return attempt;
  }

  connect(target: DriverTarget, events: DriverConnectionEvents): Promise<DriverConnection> {
    const outcome = deferred<DriverConnection>();
    const link = new FakeLink();
    this.attempts.push({
      target,
      events,
      link,
      succeed: () => {
        outcome.resolve(link);
        return settled();
      },
      fail: (error) => {
        outcome.reject(error);
        return settled();
      },
    });
    return outcome.promise;
  }
}
