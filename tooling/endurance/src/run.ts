import { randomUUID } from 'node:crypto';
import { Load } from './load/load.ts';
import type { Options, Scenario } from './options.ts';
import type { ClientPlan } from './protocol.ts';
import { report } from './report.ts';
import { clusterRig } from './rig/cluster.ts';
import { FaultLog } from './rig/fault-log.ts';
import type { Rig } from './rig/rig.ts';
import { embeddedRig, rabbitRig } from './rig/single.ts';
import { type Play, restart } from './scenarios/restart.ts';
import { soak } from './scenarios/soak.ts';
import { objections } from './verdict.ts';

const scenarios: Readonly<Record<Scenario, (play: Play) => Promise<void>>> = {
  restart,
  cluster: restart,
  soak,
};

/** What a run has come to. */
export interface Result {
  readonly passed: boolean;
  /** In Markdown. */
  readonly text: string;
}

/** Runs one scenario. */
export async function run(options: Options): Promise<Result> {
  await using rig = await rigFor(options);
  const plan: ClientPlan = {
    urls: rig.urls,
    task: `endurance.task.${randomUUID()}`,
    method: `endurance.call.${randomUUID()}`,
    quorum: rig.quorum,
    tasks: options.tasks,
    calls: options.calls,
    mortal: options.killWorkers,
  };
  await using load = await Load.start(plan, () => rig.sync());
  const log = new FaultLog(load.recorder);
  await scenarios[options.scenario]({ rig, load, log, options, queue: plan.task });
  for (const proxy of rig.proxies) proxy.heal();
  const left = async (): Promise<number> =>
    (await rig.messagesIn(plan.task)) + (await rig.messagesIn(plan.method));
  await load.finish(async () => (await left()) === 0);
  const remaining = await left();
  const found = objections(load, remaining, rig.quorum);
  const text = report({ rig, load, log, options, left: remaining, objections: found });
  return { passed: found.length === 0, text };
}

function rigFor({ scenario, broker }: Options): Promise<Rig> {
  if (scenario === 'cluster') return clusterRig();
  return broker === 'embedded' ? embeddedRig() : rabbitRig();
}
