import { bodyCases } from './driver/bodies.ts';
import { connectingCases } from './driver/connecting.ts';
import { consumingCases } from './driver/consuming.ts';
import { endingCases } from './driver/endings.ts';
import type { DriverUnderTest } from './driver/port.ts';
import { publishingCases } from './driver/publishing.ts';
import { refusalCases } from './driver/refusals.ts';
import { type DriverCase, suiteOf } from './driver/suite.ts';

/**
 * The cases that a driver must pass to stand behind core's port, on the broker of `getUrl`: bytes as they
 * were sent, confirms and returns in order, refusals blamed on whom the broker blames, and connections that
 * end once and leave nothing behind.
 *
 * @example
 * for (const { title, run } of driverConformance(rabbitmqClientDriver, getUrl)) test(title, run);
 */
export function driverConformance(driver: DriverUnderTest, getUrl: () => string): DriverCase[] {
  const suite = suiteOf(driver, getUrl);
  return [
    bodyCases,
    publishingCases,
    consumingCases,
    refusalCases,
    connectingCases,
    endingCases,
  ].flatMap((cases) => cases(suite));
}
