import { setTimeout as pause } from 'node:timers/promises';
import type { Broker } from '@leveret/broker';
import type { RabbitNode } from '@leveret/testkit';
import type { Random } from './random.ts';
import type { BrokerFault } from './rig.ts';

/** What can be done to RabbitMQ. */
export function rabbitFaults(node: RabbitNode): readonly BrokerFault[] {
  return [
    {
      kind: 'block',
      weight: 5,
      run: async (random) => {
        await node.block();
        await pause(random.whole(100, 800));
        await node.unblock();
      },
    },
    {
      kind: 'hang',
      weight: 5,
      run: async (random) => {
        node.pause();
        await pause(random.whole(100, 800));
        node.resume();
      },
    },
  ];
}

/** What can be done to the embedded broker. */
export function embeddedFaults({ faults }: Broker): readonly BrokerFault[] {
  return [
    lasting('block', 6, 800, () => faults.block()),
    lasting('stall reading', 5, 800, () => faults.stallReading()),
    lasting('delay confirms', 6, 800, (random) => faults.delayConfirms(random.whole(10, 300))),
    {
      kind: 'drop confirms',
      weight: 2,
      run: async (random) => {
        {
          using _fault = faults.dropConfirms();
          await pause(random.whole(1, 100));
        }
        // Who waits for such a confirm is held until the channel goes: without an end, that would look like a leak.
        await pause(random.whole(1, 500));
        faults.dropConnections();
      },
    },
    lasting('nack publishes', 3, 50, () => faults.nackPublishes()),
    lasting('refuse connections', 2, 800, () => faults.refuseConnections()),
    { kind: 'drop connections', weight: 3, run: async () => void faults.dropConnections() },
    { kind: 'close connections', weight: 3, run: async () => void faults.closeConnections() },
    { kind: 'restart', weight: 3, run: async () => faults.restart() },
  ];
}

/** A fault that lasts for up to `most` milliseconds. */
function lasting(
  kind: string,
  weight: number,
  most: number,
  begin: (random: Random) => Disposable,
): BrokerFault {
  return {
    kind,
    weight,
    run: async (random) => {
      using _fault = begin(random);
      await pause(random.whole(1, most));
    },
  };
}
