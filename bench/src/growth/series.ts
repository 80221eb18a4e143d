import type { Case } from '../cases/case.ts';
import type { Load } from '../cases/load.ts';

/** How something grows with a size: one case for each step. */
export interface Series {
  readonly name: string;
  readonly title: string;
  /** What grows. */
  readonly xTitle: string;
  readonly points: readonly Point[];
  /** Titles of the columns that are shown; a chart has the first two. */
  readonly columns: readonly string[];
}

interface Point {
  readonly x: number;
  readonly case: Case;
}

const SIZES = [64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304];
const MIB = 1024 * 1024;
/** Bodies of one run, and those under way at once, take so much. */
const RUN_BYTES = 128 * MIB;
const FLIGHT_BYTES = 16 * MIB;
const timed = ['ops/s', 'p99 ms', 'p50 ms', 'CPU µs/op'];

/** All of them, in the order of the page. */
export const SERIES: readonly Series[] = [
  {
    name: 'size',
    title: 'Publishing, by size of the message',
    xTitle: 'bytes of the body',
    columns: timed,
    points: SIZES.map((size) =>
      point('publish', size, within(20, 15_000, RUN_BYTES / size), {
        kind: 'publish',
        inFlight: within(1, 500, FLIGHT_BYTES / size),
        size,
      }),
    ),
  },
  {
    name: 'call-size',
    title: 'Calls, 10 in flight, by size of the message',
    xTitle: 'bytes of the arguments, and of the result',
    columns: timed,
    points: SIZES.map((size) =>
      point('calls', size, within(20, 5_000, RUN_BYTES / 2 / size), {
        kind: 'call',
        inFlight: 10,
        size,
        methods: 1,
      }),
    ),
  },
  {
    name: 'prefetch',
    title: 'Consuming, by prefetch',
    xTitle: 'prefetch',
    columns: ['ops/s', 'CPU µs/op', 'peak memory MiB'],
    points: [1, 5, 20, 50, 100, 500, 1_000, 5_000].map((prefetch) =>
      point('prefetch', prefetch, prefetch < 20 ? 8_000 : 40_000, {
        kind: 'consume',
        prefetch,
        size: 0,
        disorder: false,
      }),
    ),
  },
  {
    name: 'in-flight',
    title: 'Calls, by how many are in flight',
    xTitle: 'calls in flight',
    columns: timed,
    points: [1, 10, 100, 1_000, 10_000].map((inFlight) =>
      // Of few in flight as many do not count as do: until then Node is busy compiling.
      point(
        'in-flight',
        inFlight,
        within(5_000, 30_000, inFlight * 120),
        { kind: 'call', inFlight, size: 0, methods: 1 },
        inFlight < 100 ? 1 : undefined,
      ),
    ),
  },
  {
    name: 'methods',
    title: 'Calls, 100 in flight, by how many methods the callee has registered',
    xTitle: 'registered methods',
    columns: timed,
    points: [1, 10, 100, 1_000].map((methods) =>
      point('methods', methods, 12_000, { kind: 'call', inFlight: 100, size: 0, methods }),
    ),
  },
  {
    name: 'bindings',
    title: 'Publishing to a topic exchange, 100 in flight, by how many bindings it has',
    xTitle: 'bindings',
    columns: ['ops/s', 'ms to bind all', 'p99 ms', 'CPU µs/op'],
    points: [1, 10, 100, 1_000, 10_000].map((bindings) =>
      point('bindings', bindings, 12_000, { kind: 'topic', bindings, inFlight: 100 }),
    ),
  },
];

function point(name: string, x: number, operations: number, load: Load, warmUp?: number): Point {
  const which = { name: `${name}-${x}`, title: name, operations, load };
  return { x, case: warmUp === undefined ? which : { ...which, warmUp } };
}

function within(least: number, most: number, value: number): number {
  return Math.round(Math.min(most, Math.max(least, value)));
}
