import { NumberColumn } from './recorder-columns.ts';

/** Something that was done to the broker or to the network. */
export interface RecordedFault {
  /** What it was, such as `kill`. */
  readonly kind: string;
  /** When it began, in milliseconds of the clock that all reports share. */
  readonly from: number;
  /** When it was over, so that clients could come back; the same as `from` for a cut. */
  readonly until: number;
}

/** How long nothing came, in milliseconds, and after what kind of fault. */
export interface Gap {
  readonly kind: string;
  readonly ms: number;
}

/** A stream that brought something so many milliseconds ago is not silent. */
const ALIVE_MS = 1_000;

interface Stream {
  readonly times: NumberColumn;
  readonly losses: NumberColumn;
}

/** Finds out how long streams of events, such as confirms or deliveries, stood still over faults. */
export class GapRecorder {
  readonly #faults: RecordedFault[] = [];
  readonly #streams = new Map<string, Stream>();

  /** What was done, in the order of `from`. */
  get faults(): readonly RecordedFault[] {
    return this.#faults;
  }

  fault(kind: string, from: number, until: number = from): void {
    this.#faults.push({ kind, from, until });
  }

  /** Something came on the stream. */
  happened(stream: string, time: number): void {
    this.#stream(stream).times.push(time);
  }

  /** The stream lost its connection. */
  lost(stream: string, time: number): void {
    this.#stream(stream).losses.push(time);
  }

  /** How often the stream lost its connection. */
  losses(stream: string): number {
    return this.#stream(stream).losses.length;
  }

  /**
   * From the end of a fault to what came next. Only those faults count over which the stream lost its connection: one
   * that comes while it has none prolongs the gap that there is.
   */
  gaps(stream: string): readonly Gap[] {
    const { times, losses } = this.#stream(stream);
    const sortedTimes = times.sorted();
    const sortedLosses = losses.sorted();
    const faults = [...this.#faults].sort((a, b) => a.from - b.from);
    return faults.flatMap(({ kind, from, until }, at) => {
      const loss = sortedLosses[firstAtLeast(sortedLosses, from)];
      const nextFault = faults[at + 1]?.from ?? Number.POSITIVE_INFINITY;
      if (loss === undefined || loss >= nextFault) return [];
      const next = sortedTimes[firstAtLeast(sortedTimes, Math.max(loss, until))];
      return next === undefined ? [] : [{ kind, ms: next - until }];
    });
  }

  /**
   * The longest time between two events from each fault until the next, whether a connection was lost or not. A fault
   * before which nothing has come for a second falls into a silence and prolongs it.
   */
  silences(stream: string): readonly Gap[] {
    const times = this.#stream(stream).times.sorted();
    const alive = [...this.#faults]
      .sort((a, b) => a.from - b.from)
      .map(({ kind, from }) => ({ kind, from, last: firstAtLeast(times, from) - 1 }))
      .filter(({ from, last }) => from - (times[last] ?? Number.NEGATIVE_INFINITY) <= ALIVE_MS);
    return alive.flatMap(({ kind, last }, at) => {
      const ms = longestStep(times, last, alive[at + 1]?.last ?? times.length - 1);
      return ms === undefined ? [] : [{ kind, ms }];
    });
  }

  #stream(name: string): Stream {
    const known = this.#streams.get(name);
    if (known) return known;
    const fresh = { times: new NumberColumn(), losses: new NumberColumn() };
    this.#streams.set(name, fresh);
    return fresh;
  }
}

/** The value that a part of `values` is not above, such as 0.99 of them; NaN of none. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
}

/** The longest step from one of `sorted` to the next, between the indices `first` and `last`. */
function longestStep(sorted: Float64Array, first: number, last: number): number | undefined {
  let longest: number | undefined;
  for (let index = first; index < last; index += 1)
    longest = Math.max(longest ?? 0, (sorted[index + 1] ?? 0) - (sorted[index] ?? 0));
  return longest;
}

/** Where the first number of a sorted array is that is not below `bound`. */
function firstAtLeast(sorted: Float64Array, bound: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
