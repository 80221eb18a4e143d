import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LeveretError } from '../errors/leveret-error.ts';
import type { UrlTls } from './tls.ts';
import { parseUrl } from './url.ts';

const nothing = {
  host: 'localhost',
  port: undefined,
  secure: false,
  tls: {
    cafile: undefined,
    certfile: undefined,
    keyfile: undefined,
    verify: undefined,
    serverName: undefined,
  },
  username: undefined,
  password: undefined,
  vhost: undefined,
  name: undefined,
  heartbeat: undefined,
  attemptTimeout: undefined,
  channelMax: undefined,
};

/** The message of what refuses the URL. */
function refusal(url: string): string {
  try {
    parseUrl(url);
  } catch (error) {
    if (error instanceof LeveretError && error.code === 'INVALID_ARGUMENT') return error.message;
    throw error;
  }
  throw new Error(`${url} was taken`);
}

describe('parseUrl', () => {
  it.each([
    { url: 'amqp://localhost', says: {} },
    { url: 'amqp://localhost/', says: {} },
    { url: 'AMQP://LOCALHOST', says: { host: 'LOCALHOST' } },
    { url: 'amqps://broker.example', says: { host: 'broker.example', secure: true } },
    { url: 'amqp://broker:5673', says: { host: 'broker', port: 5673 } },
    { url: 'amqp://u:p@broker', says: { host: 'broker', username: 'u', password: 'p' } },
    { url: 'amqp://u@broker', says: { host: 'broker', username: 'u', password: '' } },
    {
      url: 'amqp://us%40er:p%3A%2F%40%25@h/v%2Fw',
      says: { host: 'h', username: 'us@er', password: 'p:/@%', vhost: 'v/w' },
    },
    { url: 'amqp://h/%2F', says: { host: 'h', vhost: '/' } },
    { url: 'amqp://h//', says: { host: 'h', vhost: '/' } },
    { url: 'amqp://h/v', says: { host: 'h', vhost: 'v' } },
    { url: 'amqp://[::1]:5673/v', says: { host: '::1', port: 5673, vhost: 'v' } },
    { url: 'amqp://u:p@[fe80::1]', says: { host: 'fe80::1', username: 'u', password: 'p' } },
    { url: 'amqp://h?heartbeat=10', says: { host: 'h', heartbeat: 10_000 } },
    { url: 'amqp://h?connection_timeout=250', says: { host: 'h', attemptTimeout: 250 } },
    { url: 'amqp://h?channel_max=5', says: { host: 'h', channelMax: 5 } },
    { url: 'amqp://h?name=my%20service', says: { host: 'h', name: 'my service' } },
    {
      url: 'amqp://h/v?name=x&heartbeat=1&connection_timeout=2&channel_max=3&other=4',
      says: {
        host: 'h',
        vhost: 'v',
        name: 'x',
        heartbeat: 1000,
        attemptTimeout: 2,
        channelMax: 3,
      },
    },
  ])('reads $url', ({ url, says }) => {
    expect(parseUrl(url)).toEqual({ ...nothing, ...says });
  });

  it.each<[string, Partial<UrlTls>]>([
    ['cafile=%2Fca.pem&certfile=c&keyfile=k', { cafile: '/ca.pem', certfile: 'c', keyfile: 'k' }],
    ['cacertfile=ca', { cafile: 'ca' }],
    ['verify=verify_none', { verify: false }],
    ['verify=verify_peer', { verify: true }],
    ['no_verify_ssl=1', { verify: false }],
    ['no_verify_ssl=0', { verify: true }],
    ['server_name_indication=broker', { serverName: 'broker' }],
    ['auth=PLAIN&auth_mechanism=plain', {}],
  ])('reads what %s says of TLS', (query, says) => {
    expect(parseUrl(`amqps://h?${query}`).tls).toEqual({ ...nothing.tls, ...says });
  });

  it.each([
    ['verify=yes', 'must have verify_peer or verify_none for verify, not "yes"'],
    ['verify=verify_none&no_verify_ssl=0', 'must not say two things by verify and no_verify_ssl'],
    ['no_verify_ssl=2', 'must have 0 or 1 for no_verify_ssl, not "2"'],
    ['capath=x', 'must not have capath, which is not supported: name one file by cafile'],
    ['cadata=x', 'must not have cadata, which is not supported'],
    ['depth=1', 'must not have depth, which is not supported'],
    ['auth=external', 'must have plain for auth: the driver in use knows no other mechanism'],
    ['auth_mechanism=plain&auth_mechanism=external', 'must have plain for auth_mechanism'],
  ])('refuses %s rather than overlook it', (query, rule) => {
    expect(refusal(`amqps://h?${query}`)).toContain(rule);
  });

  it.each([
    '',
    'localhost',
    'http://h',
    'amqp',
    'amqp:/',
    'amqp:h',
    'amqps:u:secret@h',
    '//h',
    'redis://u:secret@h',
  ])('refuses %j for its scheme', (url) => {
    expect(refusal(url)).toBe(
      'INVALID_ARGUMENT: url must start with amqp:// or amqps:// and name a host',
    );
  });

  it.each([
    { url: 'amqp://u:secret@h/a/b', rule: 'must have a vhost without slashes (write %2F for one)' },
    { url: 'amqp://u:secret%zz@h', rule: 'must have valid percent-encoding' },
    { url: 'amqp://u%ff:secret@h', rule: 'must have valid percent-encoding' },
    { url: 'amqp://u:secret@h/%', rule: 'must have valid percent-encoding' },
    { url: 'amqp://u:secret@h:99999', rule: 'must start with' },
    { url: 'amqp://u:secret@h:port', rule: 'must start with' },
    { url: 'amqp://u:secret@h:0', rule: 'must have a port from 1 to 65535' },
    { url: 'amqp://u:secret@h?heartbeat=soon', rule: 'must have a whole number for heartbeat' },
    { url: 'amqp://u:secret@h?heartbeat=', rule: 'must have a whole number for heartbeat' },
    { url: 'amqp://u:secret@h?heartbeat=-1', rule: 'must have a whole number for heartbeat' },
    {
      url: 'amqp://u:secret@h?connection_timeout=1.5',
      rule: 'must have a whole number for connection_timeout',
    },
    { url: 'amqp://u:secret@h?channel_max=1e3', rule: 'must have a whole number for channel_max' },
  ])('refuses $url, saying why and not the password', ({ url, rule }) => {
    const message = refusal(url);
    expect(message).toContain(`url ${rule}`);
    expect(message).not.toContain('secret');
  });

  it('gives back every name, password and vhost that was percent-encoded', () => {
    const part = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(part, part, part, (username, password, vhost) => {
        const [u, p, v] = [username, password, vhost].map(encodeURIComponent);
        // `.` and `..` mean the folder in the path of any URL, encoded or not.
        fc.pre(!/^(\.|%2e){1,2}$/i.test(v ?? ''));
        expect(parseUrl(`amqp://${u}:${p}@h/${v}`)).toMatchObject({ username, password, vhost });
      }),
    );
  });
});
