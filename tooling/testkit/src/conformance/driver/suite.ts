import { type Bench, openBench } from './bench.ts';
import type { DriverUnderTest, Target } from './port.ts';
import { targetOf } from './target.ts';

/** One check: a title that states a behaviour, and what rejects where the driver lacks it. */
export interface DriverCase {
  /** What the driver is held to. */
  readonly title: string;
  /** Rejects with an error that says what was expected. */
  run(): Promise<void>;
}

/** What the cases are made from. */
export interface Suite {
  readonly driver: DriverUnderTest;
  /** Connects, by default to the broker itself. */
  connect(changes?: Partial<Target>): Promise<Bench>;
  readonly getUrl: () => string;
}

/** Fills in a suite. */
export function suiteOf(driver: DriverUnderTest, getUrl: () => string): Suite {
  return {
    driver,
    getUrl,
    connect: (changes) => openBench(driver, targetOf(getUrl(), changes)),
  };
}
