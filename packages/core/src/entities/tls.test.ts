// A broker with TLS on, which takes only clients with a certificate that its authority has signed.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBroker } from '@leveret/broker';
import {
  certificates,
  findRabbitServer,
  freePort,
  startRabbitNode,
  writeCertificates,
} from '@leveret/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ConnectionOptions } from '../connection/options.ts';
import { connect } from './connection.ts';
import { errorOf, fill, privateQueue, textOf } from './live.fixture.ts';

const { authority, server, client } = certificates;

interface SecureBroker extends AsyncDisposable {
  readonly port: number;
}

async function embedded(): Promise<SecureBroker> {
  const broker = await startBroker({
    tls: { ...server, ca: authority, requestCert: true, rejectUnauthorized: true },
  });
  return {
    port: Number(new URL(broker.url).port),
    [Symbol.asyncDispose]: () => broker.close(),
  };
}

async function rabbit(folder: string): Promise<SecureBroker> {
  const files = await writeCertificates(folder);
  const port = await freePort();
  const node = await startRabbitNode({
    config: [
      `listeners.ssl.1 = 127.0.0.1:${port}`,
      `ssl_options.cacertfile = ${files.authority}`,
      `ssl_options.certfile = ${files.server.cert}`,
      `ssl_options.keyfile = ${files.server.key}`,
      'ssl_options.verify = verify_peer',
      'ssl_options.fail_if_no_peer_cert = true',
    ],
  });
  return { port, [Symbol.asyncDispose]: () => node[Symbol.asyncDispose]() };
}

describe.for(['embedded broker', 'RabbitMQ'])('TLS with %s', (name) => {
  const isRabbit = name === 'RabbitMQ';
  describe.skipIf(isRabbit && findRabbitServer() === undefined)('where it is installed', () => {
    let broker: SecureBroker;
    let folder: string;
    let files: Awaited<ReturnType<typeof writeCertificates>>;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'leveret-tls-'));
      files = await writeCertificates(folder);
      broker = await (isRabbit ? rabbit(folder) : embedded());
    }, 120_000);
    afterAll(async () => {
      await broker[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    });

    const urlWith = (parameters: Record<string, string>): string =>
      `amqps://guest:guest@localhost:${broker.port}/?${new URLSearchParams(parameters)}`;

    async function works(url: string, options: ConnectionOptions = {}): Promise<void> {
      await using connection = await connect(url, options);
      const channel = await connection.channel();
      const queue = await privateQueue(channel);
      await fill(channel, queue, 'x'.repeat(300_000));
      expect(textOf(await queue.get({ noAck: true }))).toHaveLength(300_000);
    }

    test('a client certificate is given by options', async () => {
      await works(urlWith({}), { tls: { ca: authority, ...client } });
      const { port } = broker;
      await works('amqp://h/', { hosts: [`127.0.0.1:${port}`], tls: { ca: authority, ...client } });
    });

    test.for(['cafile', 'cacertfile'])('or by parameters of the URL, with %s', async (cafile) => {
      const { cert: certfile, key: keyfile } = files.client;
      await works(urlWith({ [cafile]: files.authority, certfile, keyfile }));
      const verified = { [cafile]: files.authority, certfile, keyfile, verify: 'verify_peer' };
      await works(urlWith(verified));
    });

    test('a broker whose authority is not known is refused, unless it is not verified', async () => {
      const { cert: certfile, key: keyfile } = files.client;
      const url = urlWith({ certfile, keyfile });
      const error = await errorOf(connect(url, { recover: false }));
      expect(error).toMatchObject({ code: 'CONNECTION_FAILED' });
      expect(String(error.cause)).toMatch(/certificate/);
      await works(urlWith({ certfile, keyfile, verify: 'verify_none' }));
      await works(urlWith({ certfile, keyfile, no_verify_ssl: '1' }));
    });

    test('a broker that has another name than it should is refused', async () => {
      const { cert: certfile, key: keyfile } = files.client;
      const named = { server_name_indication: 'broker.example' };
      const url = urlWith({ cafile: files.authority, certfile, keyfile, ...named });
      expect(await errorOf(connect(url, { recover: false }))).toMatchObject({
        code: 'CONNECTION_FAILED',
      });
    });

    test('without a client certificate nobody gets in', async () => {
      const error = await errorOf(
        connect(urlWith({ cafile: files.authority }), { recover: false }),
      );
      expect(error).toMatchObject({ code: 'CONNECTION_FAILED' });
    });
  });
});
