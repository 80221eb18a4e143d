import { driverConformance } from '@leveret/testkit';
import { describeWithBroker } from '@leveret/testkit/vitest';
import { test } from 'vitest';
import { amqplibDriver } from './driver.ts';

describeWithBroker('the driver on amqplib', (getUrl) => {
  for (const { title, run } of driverConformance(amqplibDriver(), getUrl))
    test(title, { timeout: 60_000 }, run);
});
