import { type Broker, startBroker } from '@leveret/broker';
import { afterAll, beforeAll, describe, test, vi } from 'vitest';
import { openConnection } from '../amqp/connection.ts';
import { describeWithRabbit } from '../with-broker.ts';
import { type BrokerProfile, profileOf } from './broker/profile.ts';
import { brokerConformance } from './broker-conformance.ts';

// Many cases spend their time waiting for timers, such as those of expiry and heartbeats.
vi.setConfig({ maxConcurrency: 12 });

const profiles: readonly BrokerProfile[] = ['3.10', '4.0', '4.3'];

describe.for(profiles)('the embedded broker conforms as RabbitMQ %s', (profile) => {
  let broker: Broker | undefined;

  beforeAll(async () => {
    broker = await startBroker({ profile });
  });
  afterAll(() => broker?.close());

  for (const { title, run } of brokerConformance(() => broker?.url ?? '', { profile }))
    test.concurrent(title, run, 60_000);
});

describeWithRabbit('RabbitMQ conforms to its own suite', (getUrl) => {
  let profile: BrokerProfile = '3.10';

  beforeAll(async () => {
    await using connection = await openConnection(getUrl());
    profile = profileOf(String(connection.start.serverProperties['version']));
  });

  // Some wait for the three seconds for which RabbitMQ holds back the end of a connection that it does not trust.
  for (const { title, run } of brokerConformance(getUrl, { profile: () => profile }))
    test.concurrent(title, run, 60_000);
});
