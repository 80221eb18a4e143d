import { beforeAll, test } from 'vitest';
import { openConnection } from '../amqp/connection.ts';
import { describeWithBroker } from '../with-broker.ts';
import { type BrokerProfile, profileOf } from './broker/profile.ts';
import { brokerConformance } from './broker-conformance.ts';

describeWithBroker('RabbitMQ conforms to its own suite', (getUrl) => {
  let profile: BrokerProfile = '3.10';

  beforeAll(async () => {
    await using connection = await openConnection(getUrl());
    profile = profileOf(String(connection.start.serverProperties['version']));
  });

  // Some wait for the three seconds for which RabbitMQ holds back the end of a connection that it does not trust.
  for (const { title, run } of brokerConformance(getUrl, { profile: () => profile }))
    test.concurrent(title, run, 60_000);
});
