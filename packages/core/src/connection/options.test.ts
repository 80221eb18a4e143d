import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { LeveretError } from '../errors/leveret-error.ts';
import { type ConnectTarget, connectionConfig, duration, whole } from './options.ts';

/** The message of what refuses the arguments, of any type. */
function refusal(...given: unknown[]): string {
  try {
    Reflect.apply(connectionConfig, undefined, given);
  } catch (error) {
    if (error instanceof LeveretError && error.code === 'INVALID_ARGUMENT') return error.message;
    throw error;
  }
  throw new Error('it was taken');
}

describe('connectionConfig', () => {
  it('has a default for everything', async () => {
    const { credentials, ...rest } = connectionConfig({});
    expect(await credentials()).toEqual({ username: 'guest', password: 'guest' });
    expect(rest).toEqual({
      addresses: [{ host: 'localhost', port: 5672 }],
      vhost: '/',
      tls: undefined,
      name: undefined,
      recover: true,
      connectTimeout: 30_000,
      attemptTimeout: 10_000,
      backoff: { initial: 100, max: 500 },
      operationTimeout: 30_000,
      closeTimeout: 10_000,
      heartbeat: 10,
      frameMax: 131_072,
      channelMax: 2047,
      maxMessageSize: 2 ** 27,
      logger: undefined,
    });
  });

  it('takes a URL, several of them, or options, with further options that override them', async () => {
    const url = 'amqp://u:p@one:1111/v?heartbeat=20&channel_max=9&name=n&connection_timeout=5';
    const config = connectionConfig(url, { vhost: 'w', heartbeat: 30_000, password: 'q' });
    expect(config).toMatchObject({
      addresses: [{ host: 'one', port: 1111 }],
      vhost: 'w',
      heartbeat: 30,
      channelMax: 9,
      name: 'n',
      attemptTimeout: 5,
    });
    expect(await config.credentials()).toEqual({ username: 'u', password: 'q' });
    expect(connectionConfig(['amqp://one', 'amqp://two:1']).addresses).toEqual([
      { host: 'one', port: 5672 },
      { host: 'two', port: 1 },
    ]);
    expect(connectionConfig({ vhost: 'v', name: 'n' }, { name: 'm' })).toMatchObject({
      vhost: 'v',
      name: 'm',
    });
  });

  it('keeps every option that is given', () => {
    const credentials = () => ({ username: 'u', password: 'p' });
    const given = {
      vhost: '',
      credentials,
      name: 'n',
      recover: false,
      connectTimeout: 0,
      attemptTimeout: 1,
      backoff: { initial: 2, max: 3 },
      operationTimeout: 4,
      closeTimeout: 5,
      frameMax: 8192,
      channelMax: 65_535,
      maxMessageSize: 0,
    };
    expect(connectionConfig(given)).toMatchObject(given);
  });

  it.each<[ConnectTarget, object, object | undefined, number]>([
    ['amqp://h', {}, undefined, 5672],
    ['amqps://h', {}, {}, 5671],
    ['amqps://h', { tls: false }, undefined, 5672],
    ['amqp://h', { tls: true }, {}, 5671],
    ['amqp://h', { tls: { servername: 's' } }, { servername: 's' }, 5671],
    [{ hosts: ['h'], tls: true }, {}, {}, 5671],
  ])('%j with %j speaks TLS as %j on port %i', (target, options, tls, port) => {
    expect(connectionConfig(target, options)).toMatchObject({
      tls,
      addresses: [{ host: 'h', port }],
    });
  });

  it('takes files of TLS from URLs, which options go before, and says which one it cannot read', () => {
    const url = 'amqps://h?verify=verify_none&server_name_indication=broker';
    expect(connectionConfig(url).tls).toEqual({ rejectUnauthorized: false, servername: 'broker' });
    const tls = { servername: 'other' };
    expect(connectionConfig(url, { tls }).tls).toEqual({ rejectUnauthorized: false, ...tls });
    expect(connectionConfig(url, { tls: false }).tls).toBeUndefined();
    expect(() => connectionConfig('amqps://h?cafile=no/such/file')).toThrow(
      /cafile must be a file that can be read: .*ENOENT/,
    );
    expect(() => connectionConfig('amqps://h?keyfile=key.pem')).toThrow(
      'url must have certfile and keyfile, or neither',
    );
    const manifest = encodeURIComponent(
      fileURLToPath(new URL('../../package.json', import.meta.url)),
    );
    expect(() => connectionConfig(`amqps://h?certfile=${manifest}&keyfile=${manifest}`)).toThrow(
      'cafile, certfile and keyfile must be PEM files that fit each other',
    );
    expect(() => connectionConfig('amqp://h?verify=verify_peer')).toThrow(
      'url must start with amqps:// where it has parameters of TLS',
    );
    expect(() => Reflect.apply(connectionConfig, undefined, ['amqp://h', { tls: 5 }])).toThrow(
      'tls must be true, false or the options of tls.connect, not 5',
    );
  });

  it('reads hosts with and without port, IPv6 in brackets, and prefers them to those of URLs', () => {
    const hosts = ['one', 'two:2', '[::1]', '[fe80::1%eth0]:4', '10.0.0.1:5'];
    expect(connectionConfig('amqp://other', { hosts }).addresses).toEqual([
      { host: 'one', port: 5672 },
      { host: 'two', port: 2 },
      { host: '::1', port: 5672 },
      { host: 'fe80::1%eth0', port: 4 },
      { host: '10.0.0.1', port: 5 },
    ]);
  });

  it.each([
    '',
    'a b',
    'h:',
    'h:0',
    'h:65536',
    'h:x',
    '::1',
    '[::1',
    '[xyz]',
    ':5672',
    'u@h',
    'h/v',
  ])('refuses the host %j', (host) => {
    expect(refusal({ hosts: [host] })).toContain('hosts must be host, host:port or [ipv6]:port');
  });

  it.each([
    { field: 'hosts', given: { hosts: [] } },
    { field: 'vhost', given: { vhost: 'x'.repeat(256) } },
    { field: 'vhost', given: { vhost: 5 } },
    ...['connectTimeout', 'attemptTimeout', 'operationTimeout', 'closeTimeout'].flatMap((field) =>
      [-1, Number.NaN, Number.POSITIVE_INFINITY, '5'].map((value) => ({
        field,
        given: { [field]: value },
      })),
    ),
    ...[0, 1.5, 2 ** 31].map((value) => ({
      field: 'attemptTimeout',
      given: { attemptTimeout: value },
    })),
    ...[{}, 'u', null].map((credentials) => ({ field: 'credentials', given: { credentials } })),
    { field: 'credentials', given: { username: 5 } },
    { field: 'credentials', given: { password: { secret: 'secret' } } },
    ...[{}, null, 'name'].map((driver) => ({ field: 'driver', given: { driver } })),
    { field: 'backoff.initial', given: { backoff: { initial: -1 } } },
    { field: 'backoff.max', given: { backoff: { max: Number.NaN } } },
    ...[0, 999, 1500, 65_536_000, -1000, Number.NaN].map((heartbeat) => ({
      field: 'heartbeat',
      given: { heartbeat },
    })),
    ...[8191, 2 ** 31, 9000.5, '9000'].map((frameMax) => ({
      field: 'frameMax',
      given: { frameMax },
    })),
    ...[0, 65_536, 1.5].map((channelMax) => ({ field: 'channelMax', given: { channelMax } })),
    ...[-1, 2 ** 31, 0.5].map((size) => ({
      field: 'maxMessageSize',
      given: { maxMessageSize: size },
    })),
  ])('refuses $given, naming $field and not the password', ({ field, given }) => {
    const message = refusal({ password: 'secret', ...given });
    expect(message).toMatch(new RegExp(`^INVALID_ARGUMENT: ${field} must`));
    expect(message).not.toContain('secret');
  });

  it('refuses what a URL says as it refuses the option, without the password', () => {
    for (const [url, field] of [
      ['amqp://u:secret@h?heartbeat=0', 'heartbeat'],
      ['amqp://u:secret@h?channel_max=0', 'channelMax'],
      ['amqp://u:secret@h?connection_timeout=0', 'attemptTimeout'],
      ['http://u:secret@h', 'url'],
    ]) {
      expect(refusal(url)).toContain(`${field} must`);
      expect(refusal([url])).not.toContain('secret');
    }
    expect(refusal([])).toContain('urls must hold at least one URL');
  });

  it('does not repeat a URL that stands among the hosts, for the password in it', () => {
    const message = refusal({ hosts: ['amqp://u:secret@h'] });
    expect(message).toContain('hosts must be');
    expect(message).not.toContain('secret');
  });
});

describe('duration and whole', () => {
  it('give the fallback only where nothing is given', () => {
    expect(duration('d', undefined, 5)).toBe(5);
    expect(duration('d', 0, 5)).toBe(0);
    expect(whole('w', undefined, 5, 0, 10)).toBe(5);
    expect(whole('w', 0, 5, 0, 10)).toBe(0);
    expect(whole('w', 10, 5, 0, 10)).toBe(10);
  });

  it('say field, bounds and value', () => {
    expect(() => whole('w', 11, 5, 0, 10)).toThrow(
      'INVALID_ARGUMENT: w must be a whole number from 0 to 10, not 11',
    );
    expect(() => duration('d', -1, 5)).toThrow(
      'INVALID_ARGUMENT: d must be a number of milliseconds from 0 on, not -1',
    );
  });
});

describe('several URLs', () => {
  it('takes a URL object for a URL', () => {
    const { addresses } = connectionConfig(new URL('amqp://prod.example/'));
    expect(addresses).toEqual([{ host: 'prod.example', port: 5672 }]);
  });

  it('refuses URLs that differ in more than host and port, without their passwords', () => {
    for (const other of ['amqps://u:secret@b', 'amqp://u:secret@b', 'amqp://b/secret'])
      expect(() => connectionConfig(['amqp://a', other])).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining('secret') }),
      );
    expect(connectionConfig(['amqp://a:1', 'amqp://b']).addresses).toHaveLength(2);
  });
});
