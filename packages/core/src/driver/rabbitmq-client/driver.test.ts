import { driverConformance, handshakeConformance } from '@leveret/testkit/driver';
import { describeWithBroker } from '@leveret/testkit/vitest';
import { describe, test } from 'vitest';
import { rabbitmqClientDriver } from './driver.ts';

describeWithBroker('the driver on rabbitmq-client', (getUrl) => {
  for (const { title, run } of driverConformance(rabbitmqClientDriver, getUrl))
    test(title, { timeout: 60_000 }, run);
});

describe('the driver on rabbitmq-client, in a handshake', () => {
  for (const { title, run } of handshakeConformance(rabbitmqClientDriver))
    test(title, { timeout: 60_000 }, run);
});
