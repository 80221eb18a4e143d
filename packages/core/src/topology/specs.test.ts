import { describe, expect, it } from 'vitest';
import { bindingArguments, bindingSpec, exchangeSpec, queueSpec } from './specs.ts';

const tables = { dates: true, bytes: true };
const defaults = { tables, durable: true };

describe('exchangeSpec', () => {
  it('is a durable direct exchange where nothing is said', () => {
    expect(exchangeSpec('logs', {}, defaults)).toEqual({
      name: 'logs',
      type: 'direct',
      durable: true,
      autoDelete: false,
      internal: false,
      arguments: undefined,
    });
  });

  it('is what is said', () => {
    const said = {
      type: 'x-plugin',
      durable: false,
      autoDelete: true,
      internal: true,
      arguments: { 'alternate-exchange': 'other' },
    };
    expect(exchangeSpec('logs', said, defaults)).toEqual({ name: 'logs', ...said });
  });
});

describe('queueSpec', () => {
  it.each([
    // RabbitMQ 4.3: a queue that is neither durable nor exclusive is refused.
    { name: 'named', said: {}, durable: true, exclusive: false },
    { name: 'named', said: { exclusive: true }, durable: false, exclusive: true },
    { name: 'named', said: { exclusive: true, durable: true }, durable: true, exclusive: true },
    { name: 'named', said: { durable: false }, durable: false, exclusive: false },
    { name: '', said: {}, durable: false, exclusive: true },
    { name: '', said: { durable: true }, durable: true, exclusive: false },
    { name: '', said: { exclusive: false }, durable: true, exclusive: false },
    { name: '', said: { durable: false }, durable: false, exclusive: true },
  ])('$name with $said is durable $durable and exclusive $exclusive', (row) => {
    expect(queueSpec(row.name, row.said, defaults)).toEqual({
      name: row.name,
      durable: row.durable,
      exclusive: row.exclusive,
      autoDelete: false,
      arguments: undefined,
    });
  });

  it('keeps autoDelete and arguments', () => {
    const said = { autoDelete: true, arguments: { 'x-queue-type': 'quorum' } };
    expect(queueSpec('tasks', said, defaults)).toMatchObject(said);
  });
});

describe('flags', () => {
  it.each(['durable', 'autoDelete', 'internal', 'passive'])(
    'of an exchange are true or false: %s',
    (flag) => {
      const options = { [flag]: 'no' };
      expect(() => Reflect.apply(exchangeSpec, undefined, ['e', options, defaults])).toThrow(
        expect.objectContaining({
          code: 'INVALID_ARGUMENT',
          message: expect.stringContaining(`${flag} must be true or false`),
        }),
      );
    },
  );

  it.each(['durable', 'autoDelete', 'exclusive', 'passive'])(
    'of a queue are true or false: %s',
    (flag) => {
      for (const name of ['', 'q'])
        expect(() => Reflect.apply(queueSpec, undefined, [name, { [flag]: null }, tables])).toThrow(
          expect.objectContaining({
            code: 'INVALID_ARGUMENT',
            message: expect.stringContaining(`${flag} must be true or false`),
          }),
        );
    },
  );
});

describe('the type of a queue', () => {
  const refusal = (message: string) =>
    expect.objectContaining({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(message),
    });

  it('is an argument of it, beside others', () => {
    const options = { queueType: 'quorum', arguments: { 'x-delivery-limit': 5 } };
    expect(queueSpec('q', options, defaults).arguments).toEqual({
      'x-queue-type': 'quorum',
      'x-delivery-limit': 5,
    });
    expect(queueSpec('q', { queueType: 'classic' }, defaults).arguments).toEqual({
      'x-queue-type': 'classic',
    });
    expect(queueSpec('q', {}, defaults).arguments).toBeUndefined();
    const loose = { tables, durable: false };
    expect(queueSpec('q', {}, loose).durable).toBe(false);
    expect(queueSpec('q', { queueType: 'classic' }, loose).durable).toBe(false);
    // Others are refused where they are not durable.
    expect(queueSpec('q', { queueType: 'stream' }, loose).durable).toBe(true);
    const quorum = { arguments: { 'x-queue-type': 'quorum' } };
    expect(queueSpec('q', quorum, loose).durable).toBe(true);
  });

  it('may be given twice, but not two of them', () => {
    const twice = { queueType: 'quorum', arguments: { 'x-queue-type': 'quorum' } };
    expect(queueSpec('q', twice, defaults).arguments).toEqual({ 'x-queue-type': 'quorum' });
    const two = { queueType: 'quorum', arguments: { 'x-queue-type': 'classic' } };
    expect(() => queueSpec('q', two, defaults)).toThrow(
      refusal('queueType must be that of arguments'),
    );
  });

  it.for([
    ['', {}, 'name must not be empty'],
    ['q', { durable: false }, 'durable must be true'],
    ['q', { exclusive: true, durable: true }, 'exclusive must be false'],
    ['q', { autoDelete: true }, 'autoDelete must be false'],
  ] as const)('quorum is refused where it cannot be: %s %o', ([name, options, message]) => {
    const quorum = { durable: true, ...options, queueType: 'quorum' };
    expect(() => queueSpec(name, quorum, defaults)).toThrow(refusal(message));
  });

  it('is a string', () => {
    expect(() => Reflect.apply(queueSpec, undefined, ['q', { queueType: 5 }, tables])).toThrow(
      refusal('queueType must be a string'),
    );
  });
});

describe('arguments', () => {
  it('are those of the declaration, whatever becomes of the object', () => {
    const said = { a: 1 };
    const options = { arguments: said };
    const specs = [
      exchangeSpec('e', options, defaults),
      queueSpec('q', options, defaults),
      bindingSpec('e', 'source', '', options, tables),
      bindingSpec({ name: 'q' }, 'source', '', options, tables),
    ];
    said.a = 2;
    for (const spec of specs) expect(spec.arguments).toEqual({ a: 1 });
  });

  it('of a binding stay a function where they are one', () => {
    const follow = (name: string) => ({ to: name });
    const spec = bindingSpec({ name: 'q' }, 'source', '', { arguments: follow }, tables);
    expect(spec.arguments).toBe(follow);
  });

  it('that a function makes are checked', () => {
    const options = { arguments: () => 5 };
    expect(() =>
      Reflect.apply(bindingSpec, undefined, ['e', 'source', '', options, tables]),
    ).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

describe('bindingArguments', () => {
  it('follow from the present name of the queue where they are a function', () => {
    const destination = { name: 'amq.gen-1' };
    const binding = {
      destination,
      source: 'events',
      routingKey: '',
      arguments: (name: string) => ({ to: name }),
    };
    expect(bindingArguments(binding)).toEqual({ to: 'amq.gen-1' });
    destination.name = 'amq.gen-2';
    expect(bindingArguments(binding)).toEqual({ to: 'amq.gen-2' });
    expect(bindingArguments({ ...binding, destination: 'exchange' })).toEqual({ to: 'exchange' });
  });

  it('are as given otherwise', () => {
    const plain = { destination: 'a', source: 'b', routingKey: '' };
    expect(bindingArguments({ ...plain, arguments: { a: 1 } })).toEqual({ a: 1 });
    expect(bindingArguments({ ...plain, arguments: undefined })).toBeUndefined();
  });
});
