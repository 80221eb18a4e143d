import { totalmem } from 'node:os';
import { describe, expect, it } from 'vitest';
import { BrokerError } from '../base/broker-error.ts';
import { startBroker } from './broker.ts';
import { type BrokerOptions, brokerConfig } from './options.ts';

const user = { name: 'ann', password: 'secret' };
const everything = { configure: '.*', write: '.*', read: '.*' };

function refusalOf(options: BrokerOptions): BrokerError {
  try {
    brokerConfig(options);
  } catch (error) {
    if (error instanceof BrokerError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('brokerConfig', () => {
  it('is RabbitMQ 4.0 on the loopback interface unless told otherwise', () => {
    const { port, host, profile, vhosts, limits, heartbeat, tls } = brokerConfig({});
    expect({ port, host, profile, vhosts, limits, heartbeat, tls }).toEqual({
      port: 0,
      host: '127.0.0.1',
      profile: '4.0',
      vhosts: ['/'],
      limits: {
        connections: 10_000,
        channels: 2047,
        queues: 100_000,
        messageSize: 16_777_216,
        frameSize: 131_072,
        memory: Math.min(2 ** 31, Math.floor(totalmem() * 0.4)),
      },
      heartbeat: 60,
      tls: undefined,
    });
  });

  it('takes the largest message of the profile', () => {
    expect(brokerConfig({ profile: '3.10' }).limits.messageSize).toBe(134_217_728);
    expect(brokerConfig({ profile: '3.10', limits: { messageSize: 5 } }).limits.messageSize).toBe(
      5,
    );
  });

  it.each<[string, BrokerOptions]>([
    ['port must be a whole number from 0 to 65535, got 65536', { port: 65_536 }],
    ['port must be a whole number from 0 to 65535, got -1', { port: -1 }],
    ['port must be a whole number from 0 to 65535, got NaN', { port: Number.NaN }],
    ["host must be an address or a name, got ''", { host: '' }],
    ['vhosts must be at least one name, got []', { vhosts: [] }],
    ['heartbeat must be a whole number from 0 to 65535, got 0.5', { heartbeat: 0.5 }],
    [
      'limits.connections must be a whole number from 1 to 9007199254740991, got 0',
      { limits: { connections: 0 } },
    ],
    [
      'limits.channels must be a whole number from 1 to 65535, got 65536',
      { limits: { channels: 65_536 } },
    ],
    [
      'limits.queues must be a whole number from 1 to 9007199254740991, got 0',
      { limits: { queues: 0 } },
    ],
    [
      'limits.messageSize must be a whole number from 0 to 9007199254740991, got -1',
      { limits: { messageSize: -1 } },
    ],
    [
      'limits.frameSize must be a whole number from 8192 to 4294967295, got 4096',
      { limits: { frameSize: 4096 } },
    ],
    [
      'limits.memory must be a whole number from 1 to 9007199254740991, got Infinity',
      { limits: { memory: Number.POSITIVE_INFINITY } },
    ],
    ['users[1].name must be unlike those of the others, got ann', { users: [user, user] }],
    [
      'users[0].permissions[/].write must be a regular expression, got (',
      { users: [{ ...user, permissions: { '/': { ...everything, write: '(' } } }] },
    ],
    ['users must be at least one user, got []', { users: [] }],
    [
      'users[0].permissions must be by name of one of /, got other',
      { users: [{ ...user, permissions: { other: everything } }] },
    ],
  ])('%s', (words, options) => {
    const { code, message } = refusalOf(options);
    expect(code).toBe('INVALID_ARGUMENT');
    expect(message).toBe(`INVALID_ARGUMENT: ${words}`);
  });

  it('refuses names that it does not know, and permissions that are left out', () => {
    // As callers without types may.
    const misspelt: Readonly<Record<string, unknown>> = { prot: 1 };
    expect(refusalOf(misspelt).message).toMatch(/options must be made of port, .*, got prot$/);
    const limits: Readonly<Record<string, unknown>> = { memry: 1 };
    expect(refusalOf({ limits }).message).toMatch(/limits must be made of .*, got memry$/);
    // @ts-expect-error: a grant of one permission only
    const options: BrokerOptions = { users: [{ ...user, permissions: { '/': { read: '' } } }] };
    expect(refusalOf(options).message).toBe(
      'INVALID_ARGUMENT: users[0].permissions[/].configure must be a regular expression, got undefined',
    );
  });

  it('refuses a profile that it does not have', () => {
    // @ts-expect-error: as a caller without types may
    const options: BrokerOptions = { profile: '3.9' };
    expect(refusalOf(options).message).toBe(
      'INVALID_ARGUMENT: profile must be one of 3.10, 4.0, 4.3, got 3.9',
    );
  });
});

describe('startBroker', () => {
  it('rejects what it does not accept', async () => {
    await expect(startBroker({ port: -1 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
