// What a service in Kubernetes needs: probes, metrics, and a shutdown that finishes what is in hand.
import { createServer } from 'node:http';
import { jsonCodec } from '@leveret/codec-json';
import { connect, shutdownOn } from '@leveret/core';
import { Master } from '@leveret/master';

const { AMQP_URL = 'amqp://guest:guest@localhost/', PORT = '0' } = process.env;
const connection = await connect(AMQP_URL);
const channel = await connection.channel();
const master = new Master(channel, { codec: jsonCodec() });
const worker = await master.createWorker('work', () => {}, { autoDelete: true });

const server = createServer(({ url }, response) => {
  if (url === '/metrics') {
    const lines = Object.entries(worker.counters).map(([what, n]) => `tasks{what="${what}"} ${n}`);
    return response.end(lines.join('\n'));
  }
  const all = [connection.health(), worker.health()];
  const ok = url === '/live' ? all.every(({ live }) => live) : all.every(({ ready }) => ready);
  return response.writeHead(ok ? 200 : 503).end();
});
server.listen(Number(PORT), '127.0.0.1', () => {
  const address = server.address();
  console.log(`port ${typeof address === 'object' ? address?.port : address}`);
});

const shutdown = shutdownOn(['SIGTERM', 'SIGINT'], [worker, connection, server]);
const { signal, errors } = await shutdown.done;
console.log(`closed after ${signal}, ${errors.length} errors`);
