import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { errorCodes, type LeveretErrorCode } from './codes.ts';
import {
  describe as describeValue,
  InvalidMessageError,
  LeveretError,
  TimeoutError,
} from './leveret-error.ts';

/** The module as a second installed copy of the package would bring it. */
async function otherCopy(): Promise<typeof import('./leveret-error.ts')> {
  vi.resetModules();
  return import('./leveret-error.ts');
}

function codes(): LeveretErrorCode[] {
  const all: LeveretErrorCode[] = [];
  for (const code in errorCodes) if (isCode(code)) all.push(code);
  return all;
}

function isCode(code: string): code is LeveretErrorCode {
  return Object.hasOwn(errorCodes, code);
}

describe('LeveretError', () => {
  it.each(codes())('%s stands in the message and is retryable as the table says', (code) => {
    const error = new LeveretError(code, 'what happened');
    expect(error.code).toBe(code);
    expect(error.message).toBe(`${code}: what happened`);
    expect(error.retryable).toBe(errorCodes[code].retryable);
    expect(String(error)).toBe(`LeveretError: ${code}: what happened`);
    expect(errorCodes[code].meaning).toMatch(/^[A-Z].*\.$/);
  });

  it('is an error like any other, with a stack, and has a cause only where one is given', () => {
    const cause = new Error('why');
    const error = new LeveretError('CLOSED', 'x', { cause });
    expect(error).toBeInstanceOf(Error);
    expect(error.cause).toBe(cause);
    expect(error.stack).toContain('leveret-error.test');
    expect('cause' in new LeveretError('CLOSED', 'x')).toBe(false);
    expect(new LeveretError('CLOSED', 'x', { cause: undefined })).toHaveProperty(
      'cause',
      undefined,
    );
  });

  it('shows its code and its own fields, and no brand, when it is printed', () => {
    const text = inspect(new TimeoutError('queue.declare', 5));
    expect(text).toContain("code: 'TIMEOUT'");
    expect(text).toContain("operation: 'queue.declare'");
    expect(text).not.toContain('Symbol(');
  });
});

describe('instanceof', () => {
  class OwnError extends LeveretError {}

  it('holds for a subclass and its parents, and not for siblings', () => {
    const timeout = new TimeoutError('connect', 5);
    expect(timeout instanceof TimeoutError).toBe(true);
    expect(timeout instanceof LeveretError).toBe(true);
    expect(timeout instanceof InvalidMessageError).toBe(false);
    expect(new LeveretError('TIMEOUT', 'x') instanceof TimeoutError).toBe(false);
  });

  it("holds for a user's own subclass as for any class", () => {
    const own = new OwnError('CLOSED', 'x');
    expect(own instanceof OwnError).toBe(true);
    expect(own instanceof LeveretError).toBe(true);
    expect(own instanceof TimeoutError).toBe(false);
    expect(new LeveretError('CLOSED', 'x') instanceof OwnError).toBe(false);
    expect(new TimeoutError('connect', 5) instanceof OwnError).toBe(false);
  });

  it.each([undefined, null, 'LeveretError', 5, {}, new Error('x'), () => undefined])(
    'does not hold for %s',
    (value) => {
      expect(
        Reflect.apply(Function.prototype.call, LeveretError[Symbol.hasInstance], [
          LeveretError,
          value,
        ]),
      ).toBe(false);
    },
  );

  it('works across two installed copies, as precisely', async () => {
    const other = await otherCopy();
    expect(other.LeveretError).not.toBe(LeveretError);
    const timeout = new other.TimeoutError('connect', 5);
    expect(timeout instanceof LeveretError).toBe(true);
    expect(timeout instanceof TimeoutError).toBe(true);
    expect(timeout instanceof InvalidMessageError).toBe(false);
    expect(timeout instanceof OwnError).toBe(false);
    expect(new OwnError('CLOSED', 'x') instanceof other.LeveretError).toBe(true);
    expect(new LeveretError('TIMEOUT', 'x') instanceof other.TimeoutError).toBe(false);
  });
});

describe('LeveretError.from', () => {
  it('gives back what is ours already, also from another copy', async () => {
    const other = await otherCopy();
    for (const ours of [new TimeoutError('x', 1), new other.LeveretError('CLOSED', 'x')])
      expect(LeveretError.from(ours, 'CODEC', 'other words')).toBe(ours);
  });

  it('wraps what somebody else threw, keeps it as the cause and does not touch it', () => {
    const cause = new TypeError('not ours');
    const error = LeveretError.from(cause, 'CODEC');
    expect(error).toMatchObject({ code: 'CODEC', message: 'CODEC: not ours', cause });
    expect(cause.message).toBe('not ours');
    expect(LeveretError.from(cause, 'CODEC', 'in my words').message).toBe('CODEC: in my words');
    expect(LeveretError.from('text', 'CODEC')).toMatchObject({
      message: 'CODEC: "text"',
      cause: 'text',
    });
  });
});

it.each([[Symbol('s')], [Object.create(null)], [{ a: 1 }], [7], [undefined]])(
  'an error whose message is %o has a text all the same',
  (message) => {
    const error = LeveretError.from(Object.assign(new Error('x'), { message }), 'HANDLER_FAILED');
    expect(error.message).toMatch(/^HANDLER_FAILED: ./);
  },
);

describe('InvalidMessageError', () => {
  it('names field, value and rule, and says them', () => {
    const error = new InvalidMessageError('headers.a[1]', Number.NaN, 'must be finite');
    expect(error).toMatchObject({
      code: 'INVALID_MESSAGE',
      field: 'headers.a[1]',
      value: Number.NaN,
      rule: 'must be finite',
      message: 'INVALID_MESSAGE: headers.a[1] must be finite, not NaN',
    });
  });
});

describe('TimeoutError', () => {
  it('names the operation and how long it was waited for', () => {
    const cause = new Error('last');
    expect(new TimeoutError('queue.declare', 50, { cause })).toMatchObject({
      code: 'TIMEOUT',
      operation: 'queue.declare',
      timeout: 50,
      cause,
      message: 'TIMEOUT: queue.declare did not end within 50 ms',
    });
  });
});

describe('the text for a value', () => {
  it.each([
    [new Error('words'), 'words'],
    ['text', '"text"'],
    ['x'.repeat(500), `"${'x'.repeat(80)}…"`],
    [5n, '5n'],
    [Number.NaN, 'NaN'],
    [undefined, 'undefined'],
    [null, 'null'],
    [Symbol('s'), 'Symbol(s)'],
    [() => 'secret', 'a function'],
    [new Uint8Array(7), '7 bytes'],
    [['secret', 2], 'an array of 2'],
    [{ password: 'secret' }, 'an object'],
  ])('of %s is %s: short, and without what is inside', (value, text) => {
    expect(describeValue(value)).toBe(text);
  });
});
