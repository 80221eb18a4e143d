import { AmqpError } from '../../base/amqp-error.ts';
import { type Field, type Table, textOf } from '../../base/field.ts';
import type { ProfileRules } from '../../base/profile.ts';
import type { Message } from '../message.ts';
import type { Binding } from './binding.ts';
import { exactKey, valueKey } from './field-key.ts';
import { addTo, type Destinations, type Router, removeFrom } from './router.ts';

type Numbers = ProfileRules['headerNumbers'];

/** How `x-match` reads the arguments of a binding. */
interface MatchMode {
  /** Whether one header is enough. */
  readonly any: boolean;
  /** Whether arguments that start with `x-` count. */
  readonly withX: boolean;
}

const modes: ReadonlyMap<string, MatchMode> = new Map([
  ['all', { any: false, withX: false }],
  ['any', { any: true, withX: false }],
  ['all-with-x', { any: false, withX: true }],
  ['any-with-x', { any: true, withX: true }],
]);

const defaultMode: MatchMode = { any: false, withX: false };

/** A binding, with what it asks of headers. */
interface Condition {
  readonly binding: Binding;
  /** Keys of the headers that count, each of a header's presence or of its value. */
  readonly terms: readonly string[];
  /** How many of them a message must have. */
  readonly needed: number;
  /** How many the message of that number has. */
  hits: number;
  message: number;
}

/**
 * Routes by headers: those that the arguments of a binding name must be there and, unless the argument is void, be equal
 * to it; all of them, or one of them (`x-match`). Conditions lie under what they ask for, so that the cost follows the
 * number of headers and of the bindings that share one with the message, not the number of all bindings.
 */
export class HeadersRouter implements Router {
  readonly #conditions = new Map<Binding, Condition>();
  readonly #byTerm = new Map<string, Set<Condition>>();
  /** Bindings to `all` of nothing: they match every message. */
  readonly #unconditional = new Set<Binding>();
  readonly #numbers: Numbers;
  #message = 0;

  constructor({ headerNumbers }: ProfileRules) {
    this.#numbers = headerNumbers;
  }

  bind(binding: Binding): void {
    const condition = this.#conditionOf(binding);
    if (condition.needed === 0) this.#unconditional.add(binding);
    this.#conditions.set(binding, condition);
    for (const term of condition.terms) addTo(this.#byTerm, term, condition);
  }

  unbind(binding: Binding): void {
    const condition = this.#conditions.get(binding);
    if (condition === undefined) return;
    this.#unconditional.delete(binding);
    this.#conditions.delete(binding);
    for (const term of condition.terms) removeFrom(this.#byTerm, term, condition);
  }

  route(_message: Message, headers: Table | undefined, destinations: Destinations): void {
    for (const binding of this.#unconditional) destinations.add(binding.destination);
    if (headers === undefined || this.#byTerm.size === 0) return;
    this.#message += 1;
    for (const [name, field] of headers) {
      this.#hit(presence(name), destinations);
      if (field.type !== 'V') this.#hit(equality(name, this.#headerKey(field)), destinations);
    }
  }

  #conditionOf(binding: Binding): Condition {
    const { any, withX } = modes.get(textOf(binding.arguments.get('x-match')) ?? '') ?? defaultMode;
    const terms: string[] = [];
    for (const [name, field] of binding.arguments) {
      if (name === 'x-match' || (name.startsWith('x-') && !withX)) continue;
      terms.push(field.type === 'V' ? presence(name) : equality(name, this.#argumentKey(field)));
    }
    return { binding, terms, needed: any ? 1 : terms.length, hits: 0, message: 0 };
  }

  #argumentKey(field: Field): string {
    return this.#numbers === 'by value' ? valueKey(field) : exactKey(field);
  }

  /** By kind, the timestamp of a message counts in milliseconds, while that of a binding stays in seconds. */
  #headerKey(field: Field): string {
    if (this.#numbers === 'by value') return valueKey(field);
    return field.type === 'T' ? String(field.value * 1000n) : exactKey(field);
  }

  #hit(term: string, destinations: Destinations): void {
    const conditions = this.#byTerm.get(term);
    if (conditions === undefined) return;
    for (const condition of conditions) {
      if (condition.message !== this.#message) {
        condition.message = this.#message;
        condition.hits = 0;
      }
      condition.hits += 1;
      if (condition.hits === condition.needed) destinations.add(condition.binding.destination);
    }
  }
}

/**
 * Checks the arguments of a binding to a headers exchange.
 *
 * @throws AmqpError 406 for an `x-match` that is no mode
 */
export function checkHeadersBinding(_routingKey: string, args: Table): void {
  const field = args.get('x-match');
  if (field === undefined) return;
  const value = textOf(field);
  if (value !== undefined && modes.has(value)) return;
  const wrong = value === undefined ? `type ${field.type}` : `value <<"${value}">>`;
  throw new AmqpError(
    406,
    `Invalid x-match field ${wrong}; expected all, any, all-with-x, or any-with-x`,
  );
}

const presence = (name: string): string => `?${name}`;

const equality = (name: string, value: string): string => `=${name.length} ${name}${value}`;
