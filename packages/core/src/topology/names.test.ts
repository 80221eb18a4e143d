import { describe, expect, it } from 'vitest';
import { LeveretError } from '../errors/leveret-error.ts';
import { checkArguments, checkName } from './names.ts';

const everything = { dates: true, bytes: true };

describe('checkName', () => {
  it.each(['', 'tasks', 'ü'.repeat(127), 'x'.repeat(255)])('passes %j', (name) => {
    expect(() => checkName('queue', name)).not.toThrow();
  });

  it.each(['ü'.repeat(128), '\udc00', 5, null, undefined, {}])(
    'refuses %j, naming the field',
    (name) => {
      expect(() => Reflect.apply(checkName, undefined, ['routingKey', name])).toThrow(
        expect.objectContaining({
          code: 'INVALID_ARGUMENT',
          message: expect.stringContaining('routingKey must be a string of at most 255 bytes'),
        }),
      );
    },
  );
});

describe('checkArguments', () => {
  it('passes none and plain ones', () => {
    expect(() => checkArguments(undefined, everything)).not.toThrow();
    expect(() => checkArguments({ 'x-max-length': 5 }, everything)).not.toThrow();
  });

  it('refuses what the driver could not send, naming the path, with the reason as the cause', () => {
    let error: unknown;
    try {
      checkArguments({ deep: { at: new Date() } }, { dates: false, bytes: false });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('arguments.deep.at'),
    });
    expect(error instanceof LeveretError && error.cause).toMatchObject({
      code: 'INVALID_MESSAGE',
      field: 'arguments.deep.at',
    });
  });

  it('refuses more than fits a frame of the smallest size', () => {
    const fits = { blob: new Uint8Array(3000) };
    expect(() => checkArguments(fits, everything)).not.toThrow();
    expect(() => checkArguments({ ...fits, more: new Uint8Array(100) }, everything)).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining('at most 3072 bytes'),
      }),
    );
  });
});
