import { BrokerError, ManualClock, type QueueInfo, startBroker } from '@leveret/broker';

export async function depthOf(queue: string): Promise<number> {
  const clock = new ManualClock();
  await using broker = await startBroker({
    profile: '4.3',
    clock,
    users: [
      {
        name: 'app',
        password: 'secret',
        permissions: { '/': { configure: '', write: '.*', read: '.*' } },
      },
    ],
    limits: { memory: 1_000_000 },
  });
  using _blocked = broker.faults.block('a test');
  const found: QueueInfo = await broker.untilQueue(queue, ({ ready }) => ready > 0, {
    timeout: 100,
  });
  return found.ready + broker.inspect().traffic.published;
}

export function isTimeout(error: unknown): boolean {
  return error instanceof BrokerError && error.code === 'TIMEOUT';
}
