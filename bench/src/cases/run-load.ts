import type { NodePeer } from '../peers/peer.ts';
import type { RunResult } from '../run/measure.ts';
import { runCalls } from './calls.ts';
import { runConsume } from './consume.ts';
import { runIdle, runReconnect, runStartUp } from './life.ts';
import type { Job } from './load.ts';
import { runPending, runQueues } from './memory.ts';
import { runPublish } from './publish.ts';
import { runTasks } from './tasks.ts';
import { runTopic } from './topic.ts';

/** Does what a job says. */
export function runLoad(peer: NodePeer, job: Job): Promise<RunResult> {
  const { load } = job;
  switch (load.kind) {
    case 'call':
      return runCalls(peer, { ...job, load });
    case 'publish':
      return runPublish(peer, { ...job, load });
    case 'consume':
      return runConsume(peer, { ...job, load });
    case 'tasks':
      return runTasks(peer, { ...job, load });
    case 'topic':
      return runTopic(peer, { ...job, load });
    case 'reconnect':
      return runReconnect(peer, job);
    case 'start-up':
      return runStartUp(peer, job);
    case 'idle':
      return runIdle(peer, { ...job, load });
    case 'pending':
      return runPending(peer, { ...job, load });
    case 'queues':
      return runQueues(peer, { ...job, load });
  }
}
