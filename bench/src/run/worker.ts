// A process of workers for the end-to-end cases: `node worker.js <job as JSON>`; it answers 'report' and 'restart'.
import { need } from '../cases/need.ts';
import { loadNodePeer } from '../peers/list.ts';
import { now, taskOf } from '../work.ts';
import { peakMemory, startClock } from './measure.ts';
import type { WorkerJob, WorkerReport } from './start-worker.ts';

const job: WorkerJob = JSON.parse(process.argv[2] ?? '');
const peer = await loadNodePeer(job.peer);
let latencies: number[] = [];
let last = 0;
let read = startClock();

const report = (): WorkerReport => ({
  latencies: Float64Array.from(latencies),
  last,
  cpu: read().cpu,
  memory: peakMemory(),
});

process.on('message', (request) => {
  if (request === 'restart') {
    latencies = [];
    read = startClock();
  }
  process.send?.(report());
});
process.on('disconnect', () => process.exit());

const consumer = need(peer.consumer, 'consumer');
await consumer(job, [job.queue], job.prefetch, (body) => {
  last = now();
  latencies.push(last - taskOf(body).at);
});
process.send?.(report());
