import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@leveret/core';
import {
  certificates,
  findRabbitServer,
  freePort,
  type RabbitNode,
  startRabbitNode,
  writeCertificates,
} from '@leveret/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { amqplibDriver } from './driver.ts';

const { authority, client } = certificates;
const tls = { ca: authority, ...client };
/** The common name of the client's certificate. */
const NAME = 'guest';

describe.skipIf(findRabbitServer() === undefined)('EXTERNAL with RabbitMQ', () => {
  let folder: string;
  let node: RabbitNode;
  let port: number;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leveret-external-'));
    const files = await writeCertificates(folder);
    port = await freePort();
    node = await startRabbitNode({
      plugins: ['rabbitmq_auth_mechanism_ssl'],
      config: [
        `listeners.ssl.1 = 127.0.0.1:${port}`,
        `ssl_options.cacertfile = ${files.authority}`,
        `ssl_options.certfile = ${files.server.cert}`,
        `ssl_options.keyfile = ${files.server.key}`,
        'ssl_options.verify = verify_peer',
        'ssl_options.fail_if_no_peer_cert = true',
        'ssl_cert_login_from = common_name',
        'auth_mechanisms.1 = EXTERNAL',
      ],
    });
  }, 120_000);
  afterAll(async () => {
    await node?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  test('logs in by the certificate alone, as the user of its name', {
    timeout: 30_000,
  }, async () => {
    const url = `amqps://nobody:nothing@localhost:${port}/`;
    const driver = amqplibDriver({ mechanism: 'EXTERNAL' });
    await using connection = await connect(url, { driver, tls });
    const channel = await connection.channel();
    const queue = await channel.declareQueue('', { exclusive: true });
    await channel.defaultExchange.publish({ body: Buffer.from('hello') }, queue.name);
    expect((await queue.get({ noAck: true }))?.body).toHaveLength(5);
    const shown = await node.ctl('list_connections', 'user', 'auth_mechanism', 'peer_cert_subject');
    expect(shown).toContain(`${NAME}\tEXTERNAL\tCN=${NAME}`);
  });

  test('is the only way in where the broker offers nothing else', async () => {
    const url = `amqps://guest:guest@localhost:${port}/`;
    await expect(connect(url, { driver: amqplibDriver(), tls })).rejects.toMatchObject({
      code: 'ACCESS_REFUSED',
      message: expect.stringContaining('the broker offers EXTERNAL, and not PLAIN'),
    });
  });

  test('is ACCESS_REFUSED at once for a name that is no user', { timeout: 60_000 }, async () => {
    await node.ctl('delete_user', NAME);
    const url = `amqps://localhost:${port}/`;
    const driver = amqplibDriver({ mechanism: 'EXTERNAL' });
    await expect(connect(url, { driver, tls })).rejects.toMatchObject({ code: 'ACCESS_REFUSED' });
    await node.ctl('add_user', NAME, 'a password');
    await node.ctl('set_permissions', NAME, '.*', '.*', '.*');
    await (await connect(url, { driver, tls })).close();
  });
});
