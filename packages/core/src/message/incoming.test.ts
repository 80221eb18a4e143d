import { describe, expect, it } from 'vitest';
import { LeveretError } from '../errors/leveret-error.ts';
import { IncomingMessage, type ProcessOptions, type Settlement } from './incoming.ts';
import { wireDelivery } from './messages.fixture.ts';

type Settled = [tag: number, how: Settlement, requeue: boolean];

interface DeliverOptions {
  readonly redelivered?: boolean;
  readonly noAck?: boolean;
  /** Why the channel is gone. */
  readonly lost?: LeveretError;
}

function deliver({ redelivered = false, noAck = false, lost }: DeliverOptions = {}): {
  readonly message: IncomingMessage;
  readonly settled: Settled[];
} {
  const settled: Settled[] = [];
  const settler = {
    settle: (...settlement: Settled): void => {
      settled.push(settlement);
    },
    watch: () => lost,
  };
  return {
    message: new IncomingMessage(wireDelivery(7, { redelivered }), settler, noAck),
    settled,
  };
}

const failure = new Error('handler');
const fail = (): never => {
  throw failure;
};

describe('settling', () => {
  it.each([
    { call: 'ack()', settle: (m: IncomingMessage) => m.ack(), sent: [7, 'ack', false] },
    { call: 'nack()', settle: (m: IncomingMessage) => m.nack(), sent: [7, 'nack', true] },
    {
      call: 'nack({ requeue: false })',
      settle: (m: IncomingMessage) => m.nack({ requeue: false }),
      sent: [7, 'nack', false],
    },
    { call: 'reject()', settle: (m: IncomingMessage) => m.reject(), sent: [7, 'reject', true] },
    {
      call: 'reject({ requeue: false })',
      settle: (m: IncomingMessage) => m.reject({ requeue: false }),
      sent: [7, 'reject', false],
    },
  ])(
    '$call settles once; every further settlement throws and sends nothing',
    ({ settle, sent }) => {
      const { message, settled } = deliver();
      expect(message.settled).toBe(false);
      settle(message);
      expect(message.settled).toBe(true);
      for (const again of [() => message.ack(), () => message.nack(), () => message.reject()])
        expect(again).toThrow(expect.objectContaining({ code: 'ALREADY_SETTLED' }));
      expect(settled).toEqual([sent]);
    },
  );

  it('has nothing to settle where the consumer asked for no acknowledgements', () => {
    const { message, settled } = deliver({ noAck: true });
    expect(message.settled).toBe(true);
    expect(() => message.ack()).toThrow(expect.objectContaining({ code: 'ALREADY_SETTLED' }));
    expect(settled).toEqual([]);
  });

  it('tells tag, consumer and whether it was delivered before', () => {
    expect(deliver({ redelivered: true }).message).toMatchObject({
      deliveryTag: 7,
      consumerTag: 'ctag',
      redelivered: true,
    });
  });
});

describe('process', () => {
  it('acknowledges after the function has ended, and gives its result', async () => {
    const { message, settled } = deliver();
    const result = await message.process(async () => {
      await Promise.resolve();
      expect(settled).toEqual([]);
      return 'done';
    });
    expect(result).toBe('done');
    expect(settled).toEqual([[7, 'ack', false]]);
  });

  const outcomes: { options: ProcessOptions; redelivered: boolean; requeue: boolean }[] = [
    { options: {}, redelivered: false, requeue: false },
    { options: { requeue: true }, redelivered: false, requeue: true },
    { options: { requeue: true }, redelivered: true, requeue: true },
    { options: { requeue: true, rejectOnRedelivered: true }, redelivered: false, requeue: true },
    { options: { requeue: true, rejectOnRedelivered: true }, redelivered: true, requeue: false },
    { options: { rejectOnRedelivered: true }, redelivered: false, requeue: false },
  ];
  it.each(outcomes)(
    'with $options, redelivered $redelivered, a failure rejects with requeue $requeue and is thrown on',
    async ({ options, redelivered, requeue }) => {
      const { message, settled } = deliver({ redelivered });
      await expect(message.process(fail, options)).rejects.toBe(failure);
      expect(settled).toEqual([[7, 'reject', requeue]]);
      const other = deliver({ redelivered });
      await expect(other.message.process(async () => fail(), options)).rejects.toBe(failure);
      expect(other.settled).toEqual([[7, 'reject', requeue]]);
    },
  );

  it('is an error where the function settled the message itself', async () => {
    const { message, settled } = deliver();
    await expect(message.process(() => message.reject({ requeue: false }))).rejects.toMatchObject({
      code: 'ALREADY_SETTLED',
    });
    expect(settled).toEqual([[7, 'reject', false]]);
  });

  it('leaves it at that with ignoreProcessed', async () => {
    const { message, settled } = deliver();
    const settle = (): string => {
      message.nack();
      return 'done';
    };
    await expect(message.process(settle, { ignoreProcessed: true })).resolves.toBe('done');
    expect(settled).toEqual([[7, 'nack', true]]);
  });

  it('acknowledges with ignoreProcessed where nobody settled', async () => {
    const { message, settled } = deliver();
    await message.process(() => 1, { ignoreProcessed: true });
    expect(settled).toEqual([[7, 'ack', false]]);
  });

  it('throws on what the function threw after it settled the message, and settles no more', async () => {
    const { message, settled } = deliver();
    const settleAndFail = (): void => {
      message.ack();
      fail();
    };
    await expect(message.process(settleAndFail)).rejects.toBe(failure);
    expect(settled).toEqual([[7, 'ack', false]]);
  });

  it('sends nothing where the consumer asked for no acknowledgements', async () => {
    const { message, settled } = deliver({ noAck: true });
    await expect(message.process(() => 'done')).resolves.toBe('done');
    await expect(message.process(fail, { requeue: true })).rejects.toBe(failure);
    expect(settled).toEqual([]);
  });
});

describe('signal', () => {
  const reason = new LeveretError('CLOSED', 'the consumer is closed');

  it('is one signal, which aborts with the reason', () => {
    const { message } = deliver();
    const { signal } = message;
    expect(signal.aborted).toBe(false);
    IncomingMessage.abort(message, reason);
    expect(message.signal).toBe(signal);
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toBe(reason);
  });

  it('is aborted also where it is asked for after the abort', () => {
    const { message } = deliver();
    IncomingMessage.abort(message, reason);
    expect(message.signal.aborted).toBe(true);
    expect(message.signal.reason).toBe(reason);
  });

  it('is aborted where the channel of the message is gone already', () => {
    const { message } = deliver({ lost: reason });
    expect(message.signal.reason).toBe(reason);
  });

  it('is nothing to the channel of a message that is settled', () => {
    const { message } = deliver({ lost: reason });
    message.ack();
    expect(message.signal.aborted).toBe(false);
  });

  it('keeps the first reason', () => {
    const { message } = deliver();
    IncomingMessage.abort(message, reason);
    IncomingMessage.abort(message, new LeveretError('CONNECTION_LOST', 'later'));
    expect(message.signal.reason).toBe(reason);
  });
});
