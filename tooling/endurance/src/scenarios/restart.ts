import { setTimeout as pause } from 'node:timers/promises';
import type { Load } from '../load/load.ts';
import type { Options } from '../options.ts';
import type { FaultLog } from '../rig/fault-log.ts';
import { cutMidFrame } from '../rig/link-faults.ts';
import { Random } from '../rig/random.ts';
import type { BrokerFault, Rig } from '../rig/rig.ts';

const CUT_EVERY_MS = 2_000;
/** Longest time between two workers that are killed. */
const KILL_WORKER_WITHIN_MS = 6_000;
/** How long a cluster is whole between two kills. */
const WHOLE_MS = 5_000;
/** How long the embedded broker stays away; RabbitMQ needs several seconds to boot. */
const DOWN_MS = 500;
const POLL_MS = 50;

/** What a scenario plays with. */
export interface Play {
  readonly rig: Rig;
  readonly load: Load;
  readonly log: FaultLog;
  readonly options: Options;
  /** Name of the queue of the tasks. */
  readonly queue: string;
}

/**
 * Kills the broker so many times while tasks and calls go on, in equal parts of them; a cluster loses the node that
 * leads the queue, again and again until all is done. Meanwhile the link is cut every two seconds.
 */
export async function restart(play: Play): Promise<void> {
  const { load, options } = play;
  const stage = { down: false, over: false };
  const acts = [play.rig.quorum ? killingLeaders(play, stage) : killing(play, stage)];
  if (options.cuts) acts.push(cutting(play, stage));
  if (options.killWorkers) acts.push(killingWorkers(play, stage));
  const all = Promise.all(acts);
  // A fault that fails ends the run: what follows would prove nothing.
  await Promise.race([load.until(() => load.idle), all.then(() => new Promise(() => {}))]);
  stage.over = true;
  await all;
}

interface Stage {
  /** The broker is not there: a cut would hit nobody. */
  down: boolean;
  /** Everything was created and has settled. */
  over: boolean;
}

/** One node: clients can come back when it is up again. */
async function killing({ rig, load, log, options, queue }: Play, stage: Stage): Promise<void> {
  const { kills } = options;
  for (let kill = 1; kill <= kills; kill += 1) {
    while (load.progress < kill / (kills + 1) && !stage.over) await pause(POLL_MS);
    if (stage.over) return;
    stage.down = true;
    await log.during('kill', async () => {
      await rig.kill(queue);
      if (options.broker === 'embedded') await pause(DOWN_MS);
      await rig.start();
    });
    stage.down = false;
  }
}

/** Several nodes: clients can come back at once, to another. */
async function killingLeaders({ rig, log, queue }: Play, stage: Stage): Promise<void> {
  for (;;) {
    await sleep(WHOLE_MS, stage);
    if (stage.over) return;
    await log.during('kill of the leader', () => rig.kill(queue));
    await rig.start();
  }
}

async function cutting({ rig, log, options }: Play, stage: Stage): Promise<void> {
  const random = new Random(options.seed);
  const each = (reset: boolean): void => {
    for (const proxy of rig.proxies) proxy.cut({ reset });
  };
  const cuts: readonly Omit<BrokerFault, 'weight'>[] = [
    { kind: 'cut', run: async () => each(false) },
    { kind: 'reset', run: async () => each(true) },
    { kind: 'cut mid-frame', run: () => cutMidFrame(rig.proxies, random) },
  ];
  for (let turn = 0; !stage.over; turn += 1) {
    await sleep(CUT_EVERY_MS, stage);
    const cut = cuts[turn % cuts.length];
    if (cut && !stage.over && !stage.down) await log.during(cut.kind, () => cut.run(random));
  }
}

async function killingWorkers({ load, options }: Play, stage: Stage): Promise<void> {
  const random = new Random(options.seed + 1);
  for (;;) {
    await sleep(random.whole(0, KILL_WORKER_WITHIN_MS), stage);
    if (stage.over) return;
    await load.killWorker();
  }
}

/** Waits, but not longer than the run lasts. */
async function sleep(ms: number, stage: Stage): Promise<void> {
  for (let left = ms; left > 0 && !stage.over; left -= POLL_MS)
    await pause(Math.min(left, POLL_MS));
}
