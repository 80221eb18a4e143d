// What becomes of another secret for a connection that is open.
import { createSign, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBroker } from '@leveret/broker';
import {
  createInbox,
  deadline,
  findRabbitServer,
  type RabbitNode,
  startRabbitNode,
} from '@leveret/testkit';
import {
  type Answers,
  frame,
  HostileBroker,
  M,
  method,
  short,
  silence,
  u16,
  u32,
} from '@leveret/testkit/hostile';
import { describeWithBroker } from '@leveret/testkit/vitest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ConnectionStatus } from '../connection/supervisor.ts';
import { type Connection, connect } from './connection.ts';
import { codeOf, errorOf, fill, privateQueue, textOf } from './live.fixture.ts';

const UPDATE_SECRET = 0x000a_0046;
const UPDATE_SECRET_OK = 0x000a_0047;
const backoff = { initial: 1, max: 5 };

/** Checks that a connection is of use. */
async function works(connection: Connection): Promise<void> {
  await using channel = await connection.channel();
  const queue = await privateQueue(channel);
  await fill(channel, queue, 'x');
  expect(textOf(await queue.get({ noAck: true }))).toBe('x');
}

describeWithBroker('another secret', (getUrl) => {
  test('is taken, with and without a reason, and the connection goes on', async () => {
    await using connection = await connect(getUrl());
    const password = decodeURIComponent(new URL(getUrl()).password);
    await connection.updateSecret(password);
    await connection.updateSecret(password, { reason: 'the old one expires', timeout: 5000 });
    await Promise.all([connection.updateSecret(password), connection.updateSecret(password)]);
    await works(connection);
    expect(connection.status.state).toBe('connected');
  });

  test('is not looked at for users that the broker keeps itself', async () => {
    await using connection = await connect(getUrl());
    await connection.updateSecret('wrong');
    await works(connection);
  });
});

/** A token of OAuth 2 (RFC 7519) that is good for so many seconds. */
function tokenFor(key: KeyObject, seconds: number): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const said = `${part({ alg: 'RS256', typ: 'JWT', kid: 'key' })}.${part({
    sub: 'me',
    aud: ['rabbitmq'],
    exp: Math.floor(Date.now() / 1000) + seconds,
    scope: ['read', 'write', 'configure'].map((right) => `rabbitmq.${right}:*/*`),
  })}`;
  return `${said}.${createSign('sha256').update(said).sign(key, 'base64url')}`;
}

describe.skipIf(findRabbitServer() === undefined)('a token of OAuth 2 on RabbitMQ', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  let folder: string;
  let node: RabbitNode;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leveret-secret-'));
    const file = join(folder, 'key.pem');
    await writeFile(file, publicKey.export({ type: 'spki', format: 'pem' }));
    node = await startRabbitNode({
      plugins: ['rabbitmq_auth_backend_oauth2'],
      config: [
        'auth_backends.1 = rabbit_auth_backend_oauth2',
        'auth_backends.2 = internal', // by which the testkit sees that it is up
        'auth_oauth2.resource_server_id = rabbitmq',
        'auth_oauth2.default_key = key',
        `auth_oauth2.signing_keys.key = ${file}`,
      ],
    });
  }, 120_000);
  afterAll(async () => {
    await node?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  const withToken = (): Promise<Connection> =>
    connect(
      {
        hosts: [`127.0.0.1:${node.port}`],
        credentials: () => ({ username: 'me', password: tokenFor(privateKey, 60) }),
      },
      { backoff },
    );

  test('is replaced by a fresh one', async () => {
    await using connection = await withToken();
    await connection.updateSecret(tokenFor(privateKey, 3600), { reason: 'expires soon' });
    await works(connection);
  });

  test('is NOT_ALLOWED where it is none, and the connection comes back by its credentials', async () => {
    await using connection = await withToken();
    const statuses = createInbox<ConnectionStatus>('a status');
    connection.on('status', statuses.push);
    const error = await errorOf(connection.updateSecret('no token'));
    expect(error).toMatchObject({ code: 'NOT_ALLOWED', retryable: false });
    while ((await statuses.next(10_000)).state !== 'connected');
    await works(connection);
  });
});

describe('a secret', () => {
  test('that is no text, and other bad arguments, are INVALID_ARGUMENT, and nothing is sent', async () => {
    await using broker = await HostileBroker.start();
    await using connection = await connect(broker.url);
    const ask = (...args: readonly unknown[]): Promise<unknown> =>
      Promise.resolve(Reflect.apply(connection.updateSecret, connection, args));
    const cases: readonly (readonly [string, unknown[]])[] = [
      ['secret must be a string, not undefined', []],
      ['secret must be a string, not 4 bytes', [Buffer.from('text')]],
      ['options must be an object, not null', ['text', null]],
      ['reason must be', ['text', { reason: 5 }]],
      ['reason must be', ['text', { reason: 'x'.repeat(256) }]],
      ['timeout must be', ['text', { timeout: -1 }]],
    ];
    for (const [message, args] of cases) {
      const error = await errorOf(ask(...args));
      expect(error.code).toBe('INVALID_ARGUMENT');
      expect(error.message).toContain(message);
    }
    const { asked } = await broker.peers.next();
    await connection.close();
    const sent: number[] = [];
    while (sent.at(-1) !== M.close) sent.push((await asked.next()).id);
    expect(sent).not.toContain(UPDATE_SECRET);
  });

  test('goes out with its reason', async () => {
    await using broker = await HostileBroker.start({
      [UPDATE_SECRET]: () => method(0, UPDATE_SECRET_OK),
    });
    await using connection = await connect(broker.url);
    await connection.updateSecret('new', { reason: 'why' });
    const { asked } = await broker.peers.next();
    let request = await asked.next();
    while (request.id !== UPDATE_SECRET) request = await asked.next();
    expect(request.fields).toEqual(Buffer.from('\0\0\0\x03new\x03why'));
  });

  /** A broker that closes the connection over it. */
  const refusing = (code: number, blamed = UPDATE_SECRET): Answers => ({
    [UPDATE_SECRET]: () =>
      frame(1, 0, Buffer.concat([u32(M.close), u16(code), short('no'), u32(blamed)])),
  });

  test.for([
    [530, 'NOT_ALLOWED'],
    [403, 'ACCESS_REFUSED'],
    [540, 'REFUSED'],
  ] as const)(
    'that the broker closes the connection over, with %s, is %s',
    async ([code, expected]) => {
      await using broker = await HostileBroker.start(refusing(code));
      await using connection = await connect(broker.url);
      expect(await codeOf(connection.updateSecret('new'))).toBe(expected);
      expect(connection.status.state).toBe('reconnecting');
    },
  );

  test('that is under way when the connection is lost for another reason is CONNECTION_LOST', async () => {
    await using broker = await HostileBroker.start(refusing(320, 0));
    await using connection = await connect(broker.url);
    const asked = [connection.updateSecret('new'), connection.updateSecret('newer')];
    for (const each of asked) expect(await codeOf(each)).toBe('CONNECTION_LOST');
  });

  test('that is under way when the connection is closed is CLOSED', async () => {
    await using broker = await HostileBroker.start({ [UPDATE_SECRET]: silence });
    const connection = await connect(broker.url);
    const asked = codeOf(connection.updateSecret('new'));
    await (await broker.peers.next()).wait(UPDATE_SECRET);
    await connection.close();
    expect(await deadline(asked, 1000, 'the answer')).toBe('CLOSED');
  });

  test('is TIMEOUT where the broker does not answer in time, and another connection takes its place', async () => {
    await using broker = await HostileBroker.start({ [UPDATE_SECRET]: silence });
    await using connection = await connect(broker.url, { operationTimeout: 60_000 });
    const error = await errorOf(connection.updateSecret('new', { timeout: 50 }));
    expect(error).toMatchObject({ code: 'TIMEOUT' });
    expect(error.message).toContain('connection.update-secret');
    expect(connection.status.state).toBe('reconnecting');
  });

  test('that does not fit a frame is INVALID_ARGUMENT, and nothing is sent', async () => {
    await using broker = await HostileBroker.start({ [UPDATE_SECRET]: silence });
    await using connection = await connect(broker.url, { frameMax: 8192 });
    expect(await codeOf(connection.updateSecret('s'.repeat(8000)))).toBe('INVALID_ARGUMENT');
    expect(connection.status.state).toBe('connected');
  });

  test('is CONNECTION_LOST at once where there is no connection, and CLOSED after close', async () => {
    const broker = await startBroker();
    await using connection = await connect(broker.url, { backoff, closeTimeout: 200 });
    const statuses = createInbox<ConnectionStatus>('a status');
    connection.on('status', statuses.push);
    await broker.close();
    while ((await statuses.next()).state !== 'reconnecting');
    const asked = connection.updateSecret('new');
    expect(await codeOf(deadline(asked, 1000, 'the answer'))).toBe('CONNECTION_LOST');
    await connection.close();
    expect(await codeOf(connection.updateSecret('new'))).toBe('CLOSED');
  });
});
