import { describe, expect, it } from 'vitest';
import { bindingArguments, exchangeSpec, queueSpec } from './specs.ts';

describe('exchangeSpec', () => {
  it('is a durable direct exchange where nothing is said', () => {
    expect(exchangeSpec('logs', {})).toEqual({
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
    expect(exchangeSpec('logs', said)).toEqual({ name: 'logs', ...said });
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
    expect(queueSpec(row.name, row.said)).toEqual({
      name: row.name,
      durable: row.durable,
      exclusive: row.exclusive,
      autoDelete: false,
      arguments: undefined,
    });
  });

  it('keeps autoDelete and arguments', () => {
    const said = { autoDelete: true, arguments: { 'x-queue-type': 'quorum' } };
    expect(queueSpec('tasks', said)).toMatchObject(said);
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
