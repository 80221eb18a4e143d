import { type HeapProfiler, type Profiler, Session } from 'node:inspector/promises';
import { type Area, areaOf } from './areas.ts';

/** What is looked at: CPU time in microseconds, or bytes allocated. */
export type Subject = 'cpu' | 'heap';

/** The environment variable by which a run is told to. */
export const PROFILED = 'LEVERET_BENCH_PROFILE';

const INTERVAL_US = 200;
const INTERVAL_BYTES = 16_384;

type Shares = Partial<Record<Area, number>>;

/** Looks at this process from now on; gives what ends that, and says where it went. */
export async function startProfile(subject: Subject): Promise<() => Promise<Shares>> {
  const session = new Session();
  session.connect();
  if (subject === 'cpu') {
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US });
    await session.post('Profiler.start');
    return async () => timeOf((await session.post('Profiler.stop')).profile);
  }
  await session.post('HeapProfiler.startSampling', {
    samplingInterval: INTERVAL_BYTES,
    // What was collected meanwhile was allocated all the same.
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
  return async () => bytesOf((await session.post('HeapProfiler.stopSampling')).profile);
}

function timeOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Shares {
  const shares: Shares = {};
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  for (const [index, id] of samples.entries()) {
    const frame = frames.get(id);
    if (frame && frame.functionName !== '(idle)')
      add(shares, areaOf(frame), timeDeltas[index] ?? 0);
  }
  return shares;
}

function bytesOf({ head }: HeapProfiler.SamplingHeapProfile): Shares {
  const shares: Shares = {};
  const walk = ({ callFrame, selfSize, children }: HeapProfiler.SamplingHeapProfileNode): void => {
    add(shares, areaOf(callFrame), selfSize);
    for (const child of children) walk(child);
  };
  walk(head);
  return shares;
}

function add(shares: Shares, area: Area, amount: number): void {
  shares[area] = (shares[area] ?? 0) + amount;
}
