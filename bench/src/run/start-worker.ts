import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Format } from '../formats.ts';

/** What a worker process works off. */
export interface WorkerJob {
  readonly peer: string;
  readonly url: string;
  readonly queue: string;
  readonly prefetch: number;
  readonly format: Format;
}

/** What it has done since it was restarted. */
export interface WorkerReport {
  /** Milliseconds from the creation of each task to its handler. */
  readonly latencies: Float64Array;
  /** When the last handler was over. */
  readonly last: number;
  readonly cpu: number;
  readonly memory: number;
}

/** A worker in a process of its own. It ends with this one. */
export interface WorkerProcess {
  /** Forgets what was done so far. */
  restart(): Promise<void>;
  report(): Promise<WorkerReport>;
}

/** Starts a worker, and waits until it works. */
export async function startWorker(job: WorkerJob): Promise<WorkerProcess> {
  const script = fileURLToPath(new URL('./worker.js', import.meta.url));
  const child = fork(script, [JSON.stringify(job)], { serialization: 'advanced' });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`a worker process ended with exit code ${code}`);
  });
  ended.catch(() => {}); // for whoever asks it
  const answer = async (): Promise<WorkerReport> => {
    const [report] = await Promise.race([once(child, 'message'), ended]);
    return report;
  };
  const ask = (request: 'report' | 'restart'): Promise<WorkerReport> => {
    const answered = answer();
    child.send(request);
    return answered;
  };
  await answer(); // ready
  return { restart: async () => void (await ask('restart')), report: () => ask('report') };
}
