import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PlanStep, TopologyLedger } from './ledger.ts';
import {
  type BindingSpec,
  bindingArguments,
  exchangeSpec,
  type QueueRef,
  queueSpec,
} from './specs.ts';

const tables = { dates: true, bytes: true };
const defaults = { tables, durable: true };

const binding = (
  destination: QueueRef | string,
  source: string,
  routingKey = 'key',
  table?: BindingSpec['arguments'],
): BindingSpec => ({ destination, source, routingKey, arguments: table });

/** A plan in words. */
function words(plan: readonly PlanStep[]): string[] {
  return plan.map((step) => {
    if (step.kind === 'exchange') return `exchange ${step.spec.name}`;
    if (step.kind === 'queue') return `queue ${step.ref.name}`;
    const { destination, source, routingKey } = step.binding;
    const to =
      typeof destination === 'string' ? `exchange ${destination}` : `queue ${destination.name}`;
    return `bind ${to} to ${source} by ${routingKey}`;
  });
}

describe('TopologyLedger', () => {
  it('forgets a binding of a queue of others also by another reference to it', () => {
    const ledger = new TopologyLedger();
    const binding = { source: 'a', routingKey: 'k', arguments: undefined };
    ledger.addBinding({ ...binding, destination: { name: 'q' } });
    ledger.addBinding({ ...binding, destination: { name: 'q' } });
    ledger.addBinding({ ...binding, destination: 'q' });
    expect(ledger.plan()).toHaveLength(2);
    ledger.removeBinding({ ...binding, destination: { name: 'q' } });
    expect(ledger.plan()).toMatchObject([{ kind: 'bind', binding: { destination: 'q' } }]);
    ledger.addBinding({ ...binding, destination: { name: 'q' } });
    ledger.removeQueue({ name: 'q' });
    expect(ledger.plan()).toHaveLength(1);
  });

  it('plans exchanges, then queues, then bindings, whatever the order of declaration', () => {
    const ledger = new TopologyLedger();
    const queue = ledger.addQueue(queueSpec('q', {}, defaults), 'q');
    ledger.addExchange(exchangeSpec('a', {}, defaults));
    ledger.addBinding(binding(queue, 'a'));
    ledger.addExchange(exchangeSpec('b', {}, defaults));
    ledger.addBinding(binding('b', 'a'));
    expect(words(ledger.plan())).toEqual([
      'exchange a',
      'exchange b',
      'queue q',
      'bind queue q to a by key',
      'bind exchange b to a by key',
    ]);
  });

  it('knows a named queue by one reference however often it is declared', () => {
    const ledger = new TopologyLedger();
    const first = ledger.addQueue(queueSpec('q', {}, defaults), 'q');
    const again = ledger.addQueue(queueSpec('q', { durable: false }, defaults), 'q');
    expect(again).toBe(first);
    expect(ledger.findQueue('q')).toBe(first);
    expect(ledger.plan()).toEqual([
      { kind: 'queue', ref: first, spec: queueSpec('q', { durable: false }, defaults) },
    ]);
  });

  it('takes each queue named by the broker for one of its own', () => {
    const ledger = new TopologyLedger();
    const spec = queueSpec('', {}, defaults);
    expect(ledger.addQueue(spec, 'amq.gen-1')).not.toBe(ledger.addQueue(spec, 'amq.gen-2'));
    expect(words(ledger.plan())).toEqual(['queue amq.gen-1', 'queue amq.gen-2']);
  });

  it('lets bindings follow a queue to its new name', () => {
    const ledger = new TopologyLedger();
    const queue = ledger.addQueue(queueSpec('', {}, defaults), 'amq.gen-1');
    ledger.addBinding(binding(queue, 'events', 'key', (name) => ({ to: name })));
    queue.name = 'amq.gen-2';
    expect(words(ledger.plan())).toEqual([
      'queue amq.gen-2',
      'bind queue amq.gen-2 to events by key',
    ]);
    expect(ledger.findQueue('amq.gen-1')).toBeUndefined();
    expect(ledger.findQueue('amq.gen-2')).toBe(queue);
    const last = ledger.plan().at(-1);
    expect(last?.kind === 'bind' && bindingArguments(last.binding)).toEqual({ to: 'amq.gen-2' });
    ledger.removeBinding(binding(queue, 'events', 'key', { to: 'amq.gen-2' }));
    expect(words(ledger.plan())).toEqual(['queue amq.gen-2']);
  });

  it('tells bindings apart by arguments', () => {
    const ledger = new TopologyLedger();
    ledger.addBinding(binding('b', 'a', '', { x: 1 }));
    ledger.addBinding(binding('b', 'a', '', { x: 2 }));
    ledger.addBinding(binding('b', 'a', '', { x: 1 }));
    expect(ledger.plan()).toHaveLength(2);
    ledger.removeBinding(binding('b', 'a', '', { x: 2 }));
    expect(ledger.plan()).toEqual([{ kind: 'bind', binding: binding('b', 'a', '', { x: 1 }) }]);
  });

  it('takes missing and empty arguments of a binding for the same', () => {
    const ledger = new TopologyLedger();
    ledger.addBinding(binding('b', 'a'));
    ledger.removeBinding(binding('b', 'a', 'key', {}));
    expect(ledger.plan()).toEqual([]);
  });

  it('forgets an autoDelete exchange with its last binding, and what hung on it in turn', () => {
    const ledger = new TopologyLedger();
    for (const name of ['a', 'b'])
      ledger.addExchange(exchangeSpec(name, { autoDelete: true }, defaults));
    const queue = ledger.addQueue(queueSpec('q', {}, defaults), 'q');
    ledger.addBinding(binding('b', 'a'));
    ledger.addBinding(binding(queue, 'b', 'one'));
    ledger.addBinding(binding(queue, 'b', 'two'));
    ledger.removeBinding(binding(queue, 'b', 'one'));
    expect(ledger.plan()).toHaveLength(5);
    ledger.removeBinding(binding(queue, 'b', 'two'));
    expect(words(ledger.plan())).toEqual(['queue q']);
  });

  it('keeps an autoDelete exchange that was never bound', () => {
    const ledger = new TopologyLedger();
    ledger.addExchange(exchangeSpec('a', { autoDelete: true }, defaults));
    ledger.removeBinding(binding('b', 'a'));
    expect(words(ledger.plan())).toEqual(['exchange a']);
  });

  it('forgets an autoDelete queue with its last consumer, and only such a one', () => {
    const ledger = new TopologyLedger();
    const kept = ledger.addQueue(queueSpec('kept', {}, defaults), 'kept');
    const gone = ledger.addQueue(queueSpec('gone', { autoDelete: true }, defaults), 'gone');
    ledger.addBinding(binding(gone, 'events'));
    ledger.consumersGone(kept);
    ledger.consumersGone(gone);
    expect(words(ledger.plan())).toEqual(['queue kept']);
  });

  it('knows again what hung on a queue that was not gone after all', () => {
    const ledger = new TopologyLedger();
    ledger.addExchange(exchangeSpec('events', { autoDelete: true }, defaults));
    const queue = ledger.addQueue(queueSpec('q', { autoDelete: true }, defaults), 'q');
    ledger.addBinding(binding(queue, 'events'));
    ledger.addBinding(binding(queue, 'amq.topic'));
    const before = ledger.plan();
    const forgotten = ledger.consumersGone(queue);
    expect(ledger.plan()).toEqual([]);
    expect(ledger.consumersGone(queue)).toBeUndefined();
    if (forgotten) ledger.consumersBack(forgotten);
    expect(ledger.plan()).toEqual(before);
  });

  it('lets stand what was declared anew since such a queue was forgotten', () => {
    const ledger = new TopologyLedger();
    const queue = ledger.addQueue(queueSpec('q', { autoDelete: true }, defaults), 'q');
    ledger.addBinding(binding(queue, 'amq.topic'));
    const forgotten = ledger.consumersGone(queue);
    ledger.addQueue(queueSpec('q', {}, defaults), 'q');
    const before = ledger.plan();
    if (forgotten) ledger.consumersBack(forgotten);
    expect(ledger.plan()).toEqual(before);
  });
});

interface Row {
  readonly to: string;
  readonly source: string;
  readonly key: string;
}

/** A broker with one client, done in the plainest way. */
class Model {
  exchanges: { name: string; autoDelete: boolean }[] = [];
  queues: { name: string; autoDelete: boolean }[] = [];
  bindings: Row[] = [];

  unbind(gone: (each: Row) => boolean): void {
    const dropped = this.bindings.filter(gone);
    this.bindings = this.bindings.filter((each) => !gone(each));
    for (const { source } of dropped) {
      const exchange = this.exchanges.find((each) => each.name === source);
      if (exchange?.autoDelete && !this.bindings.some((each) => each.source === source))
        this.deleteExchange(source);
    }
  }

  deleteExchange(name: string): void {
    this.exchanges = this.exchanges.filter((each) => each.name !== name);
    this.unbind((each) => each.source === name || each.to === `exchange ${name}`);
  }

  deleteQueue(name: string): void {
    this.queues = this.queues.filter((each) => each.name !== name);
    this.unbind((each) => each.to === `queue ${name}`);
  }

  words(): string[] {
    return [
      ...this.exchanges.map(({ name }) => `exchange ${name}`),
      ...this.queues.map(({ name }) => `queue ${name}`),
      ...this.bindings.map(({ to, source, key }) => `bind ${to} to ${source} by ${key}`),
    ];
  }
}

const exchangeName = fc.constantFrom('a', 'b', 'c');
const queueName = fc.constantFrom('p', 'q', 'r');
const key = fc.constantFrom('1', '2');
const operation = fc.oneof(
  fc.record({ op: fc.constant('exchange' as const), name: exchangeName }),
  fc.record({ op: fc.constant('queue' as const), name: queueName }),
  fc.record({ op: fc.constant('bind queue' as const), to: queueName, source: exchangeName, key }),
  fc.record({
    op: fc.constant('bind exchange' as const),
    to: exchangeName,
    source: exchangeName,
    key,
  }),
  fc.record({ op: fc.constant('unbind queue' as const), to: queueName, source: exchangeName, key }),
  fc.record({
    op: fc.constant('unbind exchange' as const),
    to: exchangeName,
    source: exchangeName,
    key,
  }),
  fc.record({ op: fc.constant('delete exchange' as const), name: exchangeName }),
  fc.record({ op: fc.constant('delete queue' as const), name: queueName }),
  fc.record({ op: fc.constant('consumers gone' as const), name: queueName }),
  fc.record({ op: fc.constant('rename' as const), name: queueName }),
);
// What is deleted automatically is so for good: a broker refuses to declare it otherwise.
const isAutoDelete = (name: string): boolean => name === 'b' || name === 'c' || name === 'r';

describe('TopologyLedger against a plain model of a broker', () => {
  it('plans what the broker has, each step once and after what it needs', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const ledger = new TopologyLedger();
        const model = new Model();
        /** Queues by the name they are asked for here; `q` is named by the broker. */
        const refs = new Map<string, QueueRef>();
        let names = 0;
        for (const each of operations) {
          switch (each.op) {
            case 'exchange': {
              ledger.addExchange(
                exchangeSpec(each.name, { autoDelete: isAutoDelete(each.name) }, defaults),
              );
              if (!model.exchanges.some(({ name }) => name === each.name))
                model.exchanges.push({ name: each.name, autoDelete: isAutoDelete(each.name) });
              break;
            }
            case 'queue': {
              const byBroker = each.name === 'q';
              if (byBroker && refs.has('q')) break;
              const name = byBroker ? `amq.gen-${names++}` : each.name;
              const spec = queueSpec(
                byBroker ? '' : name,
                { autoDelete: isAutoDelete(each.name) },
                defaults,
              );
              refs.set(each.name, ledger.addQueue(spec, name));
              if (!model.queues.some((queue) => queue.name === name))
                model.queues.push({ name, autoDelete: isAutoDelete(each.name) });
              break;
            }
            case 'bind queue':
            case 'bind exchange':
            case 'unbind queue':
            case 'unbind exchange': {
              const toQueue = each.op.endsWith('queue');
              const to = toQueue ? refs.get(each.to) : each.to;
              // The broker refuses to bind what is not there.
              const there =
                model.exchanges.some(({ name }) => name === each.source) &&
                (toQueue || model.exchanges.some(({ name }) => name === each.to));
              if (to === undefined || !there) break;
              const row: Row = {
                to: typeof to === 'string' ? `exchange ${to}` : `queue ${to.name}`,
                source: each.source,
                key: each.key,
              };
              const same = (other: Row): boolean => isDeepStrictEqual(other, row);
              if (each.op.startsWith('un')) {
                ledger.removeBinding(binding(to, each.source, each.key));
                model.unbind(same);
              } else {
                ledger.addBinding(binding(to, each.source, each.key));
                if (!model.bindings.some(same)) model.bindings.push(row);
              }
              break;
            }
            case 'delete exchange':
              ledger.removeExchange(each.name);
              model.deleteExchange(each.name);
              break;
            case 'delete queue':
            case 'consumers gone': {
              const ref = refs.get(each.name);
              if (!ref || (each.op === 'consumers gone' && !isAutoDelete(each.name))) break;
              if (each.op === 'delete queue') ledger.removeQueue(ref);
              else ledger.consumersGone(ref);
              model.deleteQueue(ref.name);
              refs.delete(each.name);
              break;
            }
            case 'rename': {
              const ref = refs.get('q');
              if (!ref) break;
              const name = `amq.gen-${names++}`;
              const [before, after] = [`queue ${ref.name}`, `queue ${name}`];
              model.queues = model.queues.map((queue) =>
                queue.name === ref.name ? { ...queue, name } : queue,
              );
              model.bindings = model.bindings.map((row) =>
                row.to === before ? { ...row, to: after } : row,
              );
              ref.name = name;
            }
          }
          const planned = words(ledger.plan());
          expect([...planned].sort()).toEqual(model.words().sort());
          const needs = planned.flatMap((step, index) => {
            const [, to, source] = /^bind (.+) to (.+) by /.exec(step) ?? [];
            return to === undefined
              ? []
              : [planned.indexOf(to) < index, planned.indexOf(`exchange ${source}`) < index];
          });
          expect(needs.every(Boolean)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});
