import { LeveretError } from '@leveret/core';
import { describe, expect, test } from 'vitest';
import { amqplibDriver } from './driver.ts';

/** Calls it as somebody without types would. */
function refusal(options: unknown): LeveretError {
  try {
    Reflect.apply(amqplibDriver, undefined, [options]);
  } catch (error) {
    if (error instanceof LeveretError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('the options of the driver', () => {
  const circular: Record<string, unknown> = {};
  circular['self'] = [circular];
  test.for([
    ['no object', null, 'options must be an object, not null'],
    ['a text', 'PLAIN', "options must be an object, not 'PLAIN'"],
    [
      'a mechanism',
      { mechanism: 'SCRAM' },
      "mechanism must be one of PLAIN, AMQPLAIN, EXTERNAL, not 'SCRAM'",
    ],
    [
      'mechanism in lower case',
      { mechanism: 'plain' },
      "mechanism must be one of PLAIN, AMQPLAIN, EXTERNAL, not 'plain'",
    ],
    [
      'no mechanism',
      { mechanism: null },
      'mechanism must be one of PLAIN, AMQPLAIN, EXTERNAL, not null',
    ],
    [
      'properties as text',
      { clientProperties: 'me' },
      "clientProperties must be an object, not 'me'",
    ],
    [
      'properties as a list',
      { clientProperties: [1] },
      'clientProperties must be an object, not [ 1 ]',
    ],
    ['no properties', { clientProperties: null }, 'clientProperties must be an object, not null'],
    [
      'a function',
      { clientProperties: { a: { b: Date.now } } },
      'clientProperties.a.b must be something that a table of AMQP holds, not [Function: now]',
    ],
    [
      'a hole in a list',
      { clientProperties: { a: [1, undefined] } },
      'clientProperties.a[1] must be something that a table of AMQP holds, not undefined',
    ],
    [
      'a number that is none',
      { clientProperties: { a: Number.NaN } },
      'clientProperties.a must be a finite number, not NaN',
    ],
    [
      'a number that is too large',
      { clientProperties: { a: 2 ** 63 } },
      'clientProperties.a must be an integer of at most 53 bits; use a bigint for more, not 9223372036854776000',
    ],
    [
      'an integer that is too large',
      { clientProperties: { a: 2n ** 63n } },
      'clientProperties.a must be a signed 64-bit integer, not 9223372036854775808n',
    ],
    [
      'a date that is none',
      { clientProperties: { a: new Date(Number.NaN) } },
      'clientProperties.a must be a valid date from 1970 on, not Invalid Date',
    ],
    [
      'a name that is too long',
      { clientProperties: { ['n'.repeat(256)]: 1 } },
      'clientProperties must have names of at most 255 bytes',
    ],
    ['a circle', { clientProperties: circular }, 'must not nest deeper than 32 (circular?)'],
  ] as const)('are refused by field and value: %s', ([, options, message]) => {
    const error = refusal(options);
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.message).toContain(message);
    expect(error.message.length).toBeLessThan(1000);
  });

  test('may be left out, each of them and all', () => {
    for (const options of [{}, { clientProperties: {} }, { mechanism: 'EXTERNAL' } as const])
      expect(amqplibDriver(options).name).toMatch(/^amqplib 2\.3\.\d+$/);
    expect(amqplibDriver().name).toMatch(/^amqplib 2\.3\.\d+$/);
  });
});
