import { driverConformance } from '@leveret/testkit';
import { describeWithBroker } from '@leveret/testkit/vitest';
import { test } from 'vitest';
import { rabbitmqClientDriver } from './driver.ts';

describeWithBroker('the driver on rabbitmq-client', (getUrl) => {
  for (const { title, run } of driverConformance(rabbitmqClientDriver, getUrl))
    test(title, { timeout: 60_000 }, run);
});
