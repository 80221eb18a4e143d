import { createInbox, deadline, type Inbox } from '@leveret/testkit';
import { targetOf } from '@leveret/testkit/driver';
import { type Answers, HostileBroker, type Peer } from '@leveret/testkit/hostile';
import { LeveretError } from '../../errors/leveret-error.ts';
import type { WireDelivery, WireReturn } from '../../message/message.ts';
import type { ChannelEnd, DriverChannel, DriverConnection, DriverTarget } from '../driver.ts';
import { rabbitmqClientDriver } from './driver.ts';

/** What a channel was told. */
export interface Heard {
  readonly ended: Inbox<ChannelEnd>;
  readonly confirmed: Inbox<readonly [tag: number, multiple: boolean, ok: boolean]>;
  readonly returned: Inbox<WireReturn>;
  readonly cancelled: Inbox<string>;
}

/** A connection to a hostile broker. */
export class Victim implements AsyncDisposable {
  readonly broker: HostileBroker;
  readonly link: DriverConnection;
  readonly peer: Peer;
  readonly lost: Inbox<Error>;
  readonly blocked: Inbox<string | undefined>;

  private constructor(parts: Pick<Victim, 'broker' | 'link' | 'peer' | 'lost' | 'blocked'>) {
    this.broker = parts.broker;
    this.link = parts.link;
    this.peer = parts.peer;
    this.lost = parts.lost;
    this.blocked = parts.blocked;
  }

  /** Connects; the broker is kind but for what `answers` says. */
  static async connect(
    answers: Answers = {},
    changes: Partial<DriverTarget> = {},
  ): Promise<Victim> {
    const broker = await HostileBroker.start(answers);
    const lost = createInbox<Error>('the loss of the connection');
    const blocked = createInbox<string | undefined>('a change of being blocked');
    const link = await rabbitmqClientDriver.connect(
      { ...targetOf(broker.url), ...changes },
      { lost: lost.push, blocked: blocked.push, unblocked: () => blocked.push(undefined) },
    );
    const peer = await broker.peers.next();
    return new Victim({ broker, link, peer, lost, blocked });
  }

  async channel(): Promise<{ readonly channel: DriverChannel; readonly heard: Heard }> {
    const heard: Heard = {
      ended: createInbox('the end of the channel'),
      confirmed: createInbox('a confirm'),
      returned: createInbox('a return'),
      cancelled: createInbox('a cancel'),
    };
    const channel = await deadline(
      this.link.openChannel({
        ended: heard.ended.push,
        confirmed: (...told) => heard.confirmed.push(told),
        returned: heard.returned.push,
        cancelled: heard.cancelled.push,
        writable: () => {},
      }),
      5000,
      'channel.open',
    );
    return { channel, heard };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.link.destroy();
    await this.broker[Symbol.asyncDispose]();
  }
}

/** Consumes into an inbox. */
export async function collect(
  channel: DriverChannel,
): Promise<{ readonly tag: string; readonly deliveries: Inbox<WireDelivery> }> {
  const deliveries = createInbox<WireDelivery>('a delivery');
  const options = {
    queue: 'q',
    consumerTag: '',
    noAck: false,
    exclusive: false,
    arguments: undefined,
  };
  const consuming = channel.consume({ ...options, deliver: deliveries.push });
  return { tag: await deadline(consuming, 5000, 'basic.consume'), deliveries };
}

/** The code that a promise rejects with, soon. */
export async function failure(promise: Promise<unknown>): Promise<string> {
  const outcome = await deadline(
    promise.then(
      () => 'it resolved',
      (error: unknown) => (error instanceof LeveretError ? error.code : String(error)),
    ),
    4000,
    'a rejection',
  );
  return outcome;
}
