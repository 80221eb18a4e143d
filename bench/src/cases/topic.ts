import type { NodePeer } from '../peers/peer.ts';
import { inParallel } from '../run/lanes.ts';
import { measureEach, type RunResult } from '../run/measure.ts';
import { type Job, type LoadOf, queueOf } from './load.ts';
import { need } from './need.ts';

/** Binds a queue by many keys, then publishes to each in turn. */
export async function runTopic(peer: NodePeer, job: Job<LoadOf<'topic'>>): Promise<RunResult> {
  const { url, load, operations, warmUp } = job;
  const { bindings, inFlight } = load;
  const queue = queueOf(job);
  const topic = await need(peer.topic, 'topic')({ url, format: 'json' }, `${queue}.topic`, queue);
  const before = performance.now();
  await inParallel(bindings, 100, (index) => topic.bind(`key.${index}`));
  const bind = performance.now() - before;
  const operation = (index: number): Promise<void> => topic.publish(`key.${index % bindings}`);
  await inParallel(warmUp, inFlight, operation);
  const result = await measureEach(operations, (timed) =>
    inParallel(operations, inFlight, timed(operation)),
  );
  return { ...result, values: { ...result.values, bind } };
}
