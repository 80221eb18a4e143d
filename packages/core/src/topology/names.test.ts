import { describe, expect, it } from 'vitest';
import { LeveretError } from '../errors/leveret-error.ts';
import { checkName, ownArguments } from './names.ts';

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

describe('ownArguments', () => {
  it('passes none and plain ones', () => {
    expect(() => ownArguments(undefined, everything)).not.toThrow();
    expect(() => ownArguments({ 'x-max-length': 5 }, everything)).not.toThrow();
  });

  it('refuses what the driver could not send, naming the path, with the reason as the cause', () => {
    let error: unknown;
    try {
      ownArguments({ deep: { at: new Date() } }, { dates: false, bytes: false });
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
    expect(() => ownArguments(fits, everything)).not.toThrow();
    expect(() => ownArguments({ ...fits, more: new Uint8Array(100) }, everything)).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining('at most 3072 bytes'),
      }),
    );
  });

  it('gives a copy that later changes of the original do not reach', () => {
    const bytes = new Uint8Array([1]);
    const given = { 'x-max-length': 5, deep: { list: [1, 'a'] }, bytes, at: new Date(5) };
    const own = ownArguments(given, everything);
    expect(own).toEqual(given);
    given['x-max-length'] = 6;
    given.deep.list.push(2);
    bytes[0] = 2;
    expect(own).toEqual({
      'x-max-length': 5,
      deep: { list: [1, 'a'] },
      bytes: new Uint8Array([1]),
      at: new Date(5),
    });
  });

  it('refuses what cannot be copied', () => {
    expect(() => ownArguments(new Proxy({}, {}), everything)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});
