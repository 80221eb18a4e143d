import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LeveretError } from '../errors/leveret-error.ts';
import { Diagnostics, type DiagnosticsMessage } from './diagnostics.ts';
import { eventTypes, type LeveretEvent } from './events.ts';

const blocked: LeveretEvent = { type: 'blocked', reason: 'low on memory' };

function isMessage(message: unknown): message is DiagnosticsMessage {
  return typeof message === 'object' && message !== null && 'event' in message;
}

/** What `node:diagnostics_channel` publishes under a name while the test runs. */
function published(name: string): DiagnosticsMessage[] {
  const messages: DiagnosticsMessage[] = [];
  const listener = (message: unknown): void => {
    if (isMessage(message)) messages.push(message);
  };
  subscribe(name, listener);
  onTestFinished(() => void unsubscribe(name, listener));
  return messages;
}

describe('an event', () => {
  it('is told to the listeners of its connection', () => {
    const diagnostics = new Diagnostics(undefined, undefined);
    const told: LeveretEvent[] = [];
    diagnostics.listeners.add((event) => told.push(event));
    diagnostics.report(blocked);
    expect(told).toEqual([blocked]);
  });

  it('is published to the whole process on the channel of its type, with whose it is', () => {
    const messages = published('leveret:blocked');
    const others = published('leveret:unblocked');
    const first = new Diagnostics('orders', undefined);
    const second = new Diagnostics(undefined, undefined);
    first.report(blocked);
    second.report(blocked);
    first.report(blocked);
    expect(messages.map(({ event }) => event)).toEqual([blocked, blocked, blocked]);
    const [a, b, c] = messages.map(({ connection }) => connection);
    expect([a?.name, b?.name]).toEqual(['orders', undefined]);
    expect(a?.id).not.toBe(b?.id);
    expect(c).toBe(a);
    expect(others).toEqual([]);
  });

  it('is wanted where somebody listens for it, and else need not be made', () => {
    const diagnostics = new Diagnostics(undefined, undefined);
    expect(diagnostics.wants('nacked')).toBe(false);
    const off = diagnostics.listeners.add(() => {});
    expect(diagnostics.wants('nacked')).toBe(true);
    off();
    expect(diagnostics.wants('nacked')).toBe(false);
    published('leveret:nacked');
    expect(diagnostics.wants('nacked')).toBe(true);
    expect(diagnostics.wants('returned')).toBe(false);
  });

  it('is counted once, whether or not anybody hears it', () => {
    const diagnostics = new Diagnostics(undefined, undefined);
    expect(Object.keys(diagnostics.counters)).toEqual(Object.keys(eventTypes));
    expect(new Set(Object.values(diagnostics.counters))).toEqual(new Set([0]));
    diagnostics.report(blocked);
    const before = diagnostics.counters;
    if (diagnostics.wants('blocked')) diagnostics.report(blocked);
    diagnostics.listeners.add(() => {});
    if (diagnostics.wants('blocked')) diagnostics.report(blocked);
    expect(diagnostics.counters).toMatchObject({ blocked: 3, unblocked: 0 });
    expect(before.blocked).toBe(1);
  });
});

describe('a logger', () => {
  function logged(event: LeveretEvent, name?: string): readonly unknown[] {
    const records: unknown[] = [];
    const at =
      (level: string) =>
      (fields: object, message: string): void => {
        records.push({ level, fields, message });
      };
    const logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
    new Diagnostics(name, logger).report(event);
    return records;
  }

  it('is given the fields of each event and a line, at the level of its type', () => {
    expect(logged(blocked, 'orders')).toEqual([
      {
        level: 'warn',
        fields: { type: 'blocked', reason: 'low on memory', connection: 'orders' },
        message: 'the broker blocks publishers',
      },
    ]);
  });

  it.for(['error', 'cause'])(
    'finds what went wrong under err, where pino looks for it: %s',
    (key) => {
      const error = new LeveretError('CONNECTION_LOST', 'cut');
      const event: LeveretEvent =
        key === 'error'
          ? { type: 'recovery-failed', channel: 1, error }
          : { type: 'reconnecting', host: 'h', port: 1, cause: error };
      const { error: _error, cause: _cause, ...rest } = { error, cause: error, ...event };
      expect(logged(event)).toMatchObject([{ fields: { ...rest, err: error } }]);
    },
  );

  it('is told of a connection that closed by itself as of an error, else as of news', () => {
    const cause = new LeveretError('CONNECTION_LOST', 'cut');
    expect(logged({ type: 'closed', cause })).toMatchObject([{ level: 'error' }]);
    expect(logged({ type: 'closed', cause: undefined })).toMatchObject([{ level: 'info' }]);
  });

  it('keeps its own this, as the loggers of pino need', () => {
    class Mine {
      readonly lines: string[] = [];
      debug(_fields: object, message: string): void {
        this.lines.push(message);
      }
      info = this.debug;
      warn = this.debug;
      error = this.debug;
    }
    const logger = new Mine();
    new Diagnostics(undefined, logger).report(blocked);
    expect(logger.lines).toHaveLength(1);
  });
});
