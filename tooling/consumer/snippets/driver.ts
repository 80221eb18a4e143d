// What stands around it.
import { readFileSync } from 'node:fs';
import { connect } from '@leveret/core';

const [ca, cert, key] = ['ca', 'client', 'client.key'].map((name) => readFileSync(`${name}.pem`));

// As it is documented.
import { amqplibDriver } from '@leveret/driver-amqplib';

await using connection = await connect('amqps://broker.example/', {
  driver: amqplibDriver({ mechanism: 'EXTERNAL', clientProperties: { team: 'shop' } }),
  tls: { ca, cert, key },
});
console.log(connection.serverProperties?.['version']);
await connection.updateSecret('a fresh token', { reason: 'expires soon', timeout: 5_000 });
