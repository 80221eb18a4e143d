import { driverConformance, handshakeConformance } from '@leveret/testkit/driver';
import { describeWithBroker } from '@leveret/testkit/vitest';
import { describe, test } from 'vitest';
import { amqplibDriver } from './driver.ts';

describeWithBroker('the driver on amqplib', (getUrl) => {
  for (const { title, run } of driverConformance(amqplibDriver(), getUrl))
    test(title, { timeout: 60_000 }, run);
});

describe('the driver on amqplib, in a handshake', () => {
  for (const { title, run } of handshakeConformance(amqplibDriver()))
    test(title, { timeout: 60_000 }, run);
});
