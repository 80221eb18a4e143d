import { AmqpError } from '../../base/amqp-error.ts';
import type { Table } from '../../base/field.ts';
import type { ProfileRules } from '../../base/profile.ts';
import type { Message } from '../message.ts';
import type { Binding } from './binding.ts';
import type { Destinations, Router } from './router.ts';

/** A place in the tree of patterns: reached from the root by the words of a pattern. */
class Node {
  readonly parent: Node | undefined;
  /** The word that leads here from the parent. */
  readonly word: string;
  /** By the next word of the pattern, but for `*` and `#`. */
  readonly words = new Map<string, Node>();
  /** By `*`, which stands for exactly one word. */
  star: Node | undefined;
  /** By `#`, which stands for any number of words. */
  hash: Node | undefined;
  /** Those whose pattern ends here. */
  readonly bindings = new Set<Binding>();
  /** The number of the last step that came by, so that each node is looked at once a step. */
  step = 0;

  constructor(parent: Node | undefined, word: string) {
    this.parent = parent;
    this.word = word;
  }

  get isEmpty(): boolean {
    const { words, star, hash, bindings } = this;
    return words.size === 0 && star === undefined && hash === undefined && bindings.size === 0;
  }

  child(word: string): Node | undefined {
    if (word === '*') return this.star;
    return word === '#' ? this.hash : this.words.get(word);
  }

  grow(word: string): Node {
    const node = new Node(this, word);
    if (word === '*') this.star = node;
    else if (word === '#') this.hash = node;
    else this.words.set(word, node);
    return node;
  }

  cut(word: string): void {
    if (word === '*') this.star = undefined;
    else if (word === '#') this.hash = undefined;
    else this.words.delete(word);
  }
}

/**
 * Routes by patterns of words between dots: `*` stands for one word, `#` for any number. The patterns form a tree that
 * is walked word by word with all the nodes that the words so far lead to, each of them once. So the cost is bounded by
 * the number of words times the number of nodes that match, however many `#` a pattern has.
 */
export class TopicRouter implements Router {
  readonly #root = new Node(undefined, '');
  #step = 0;

  bind(binding: Binding): void {
    let node = this.#root;
    for (const word of wordsOf(binding.routingKey)) node = node.child(word) ?? node.grow(word);
    node.bindings.add(binding);
  }

  unbind(binding: Binding): void {
    let node: Node | undefined = this.#root;
    for (const word of wordsOf(binding.routingKey)) node = node?.child(word);
    node?.bindings.delete(binding);
    while (node?.parent !== undefined && node.isEmpty) {
      node.parent.cut(node.word);
      node = node.parent;
    }
  }

  route(message: Message, _headers: Table | undefined, destinations: Destinations): void {
    this.#match(message.routingKey, destinations);
    if (message.cc === undefined) return;
    for (const key of message.cc) this.#match(key, destinations);
  }

  #match(routingKey: string, destinations: Destinations): void {
    let nodes: Node[] = [];
    this.#step += 1;
    this.#reach(this.#root, nodes);
    for (const word of wordsOf(routingKey)) {
      if (nodes.length === 0) return;
      nodes = this.#advance(nodes, word);
    }
    for (const node of nodes) {
      for (const binding of node.bindings) destinations.add(binding.destination);
    }
  }

  /** The nodes that one more word leads to. */
  #advance(nodes: readonly Node[], word: string): Node[] {
    const next: Node[] = [];
    this.#step += 1;
    for (const node of nodes) {
      if (node.word === '#') this.#reach(node, next);
      if (node.star !== undefined) this.#reach(node.star, next);
      const child = node.words.get(word);
      if (child !== undefined) this.#reach(child, next);
    }
    return next;
  }

  /** Adds a node, and those behind it by `#`, which may stand for no word at all. */
  #reach(from: Node, nodes: Node[]): void {
    let node: Node | undefined = from;
    while (node !== undefined && node.step !== this.#step) {
      node.step = this.#step;
      nodes.push(node);
      node = node.hash;
    }
  }
}

/**
 * Checks the pattern of a binding to a topic exchange.
 *
 * @throws AmqpError 406 for more `#` than the profile takes
 */
export function checkTopicBinding(pattern: string, _args: Table, rules: ProfileRules): void {
  if (rules.topicHashes === Number.POSITIVE_INFINITY) return;
  const hashes = wordsOf(pattern).filter((word) => word === '#').length;
  if (hashes <= rules.topicHashes) return;
  const detail = `Topic binding key '${pattern}' uses ${hashes} '#' wildcards`;
  throw new AmqpError(406, `${detail}, at most ${rules.topicHashes} are allowed`);
}

/** The empty key has no words; `a.` has two, of which the second is empty. */
function wordsOf(key: string): readonly string[] {
  return key === '' ? [] : key.split('.');
}
