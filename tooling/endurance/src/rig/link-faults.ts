import { setTimeout as pause } from 'node:timers/promises';
import type { CutOptions, TcpProxy } from '@leveret/testkit';
import type { Random } from './random.ts';
import type { BrokerFault } from './rig.ts';

/** Longest wait for a cut that was ordered: where nothing passes, it never comes. */
const ORDERED_MS = 900;
const MOST_BYTES = 20_000;

/** What networks do, to all nodes at once. */
export function linkFaults(proxies: readonly TcpProxy[]): readonly BrokerFault[] {
  const each = (act: (proxy: TcpProxy) => void): void => {
    for (const proxy of proxies) act(proxy);
  };
  const shaped = (kind: string, weight: number, shape: (proxy: TcpProxy, r: Random) => void) => ({
    kind,
    weight,
    run: async (random: Random) => {
      each((proxy) => shape(proxy, random));
      await pause(random.whole(100, 800));
      each((proxy) => proxy.heal());
    },
  });
  return [
    { kind: 'cut', weight: 4, run: async () => each((proxy) => proxy.cut()) },
    { kind: 'reset', weight: 4, run: async () => each((proxy) => proxy.cut({ reset: true })) },
    { kind: 'cut mid-frame', weight: 6, run: (random) => cutMidFrame(proxies, random) },
    { kind: 'half-open', weight: 1, run: async () => each((proxy) => proxy.halfOpen()) },
    shaped('freeze', 15, (proxy) => proxy.freeze()),
    shaped('trickle', 8, (proxy, random) => proxy.trickle(random.whole(1, 100))),
    shaped('delay', 15, (proxy, random) => proxy.delay(random.whole(5, 300))),
    shaped('rate limit', 12, (proxy, random) => proxy.limitRate(random.whole(2_000, 200_000))),
    shaped('refuse', 3, (proxy) => proxy.refuse()),
  ];
}

/** Cuts one connection after some bytes, wherever that is. */
export async function cutMidFrame(proxies: readonly TcpProxy[], random: Random): Promise<void> {
  const direction = random.coin() ? 'toServer' : 'toClient';
  const options: CutOptions = { reset: random.coin() };
  const bytes = random.whole(1, MOST_BYTES);
  const cuts = proxies.map((proxy) => proxy.cutAfter(direction, bytes, options));
  await Promise.race([...cuts, pause(ORDERED_MS)]);
  for (const proxy of proxies) proxy.heal(); // takes back what has not happened
}
