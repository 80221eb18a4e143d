import { setTimeout as pause } from 'node:timers/promises';
import { now } from '../protocol.ts';
import { linkFaults } from '../rig/link-faults.ts';
import { Random } from '../rig/random.ts';
import type { Play } from './restart.ts';

const FAULT_EVERY_MS = 1_000;
const WEIGH_EVERY_MS = 60_000;
const SAMPLES_OF_SHORT_RUN = 10;

/**
 * Does something at random to link or broker every second, for as long as asked. Every minute it stops for a moment, and
 * the clients are weighed.
 */
export async function soak({ rig, load, log, options }: Play): Promise<void> {
  const random = new Random(options.seed);
  const faults = [...linkFaults(rig.proxies), ...rig.faults];
  const end = now() + options.seconds * 1_000;
  const weighEvery = Math.min(WEIGH_EVERY_MS, (options.seconds * 1_000) / SAMPLES_OF_SHORT_RUN);
  let weighAt = now() + weighEvery;
  while (now() < end && !load.hangs) {
    const next = now() + FAULT_EVERY_MS;
    const fault = random.pick(faults);
    if (fault) await log.during(fault.kind, () => fault.run(random));
    if (now() >= weighAt) {
      await load.weigh();
      weighAt = Math.max(weighAt + weighEvery, now());
    } else {
      await pause(Math.max(0, next - now()));
    }
  }
  await load.weigh();
}
