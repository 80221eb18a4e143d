import type { Format } from '../formats.ts';

/** What a run does, as data: a program in another language reads it, too. */
export type Load =
  | {
      readonly kind: 'call';
      readonly inFlight: number;
      readonly size: number;
      readonly methods: number;
    }
  | { readonly kind: 'publish'; readonly inFlight: number; readonly size: number }
  | {
      readonly kind: 'consume';
      readonly prefetch: number;
      readonly size: number;
      readonly disorder: boolean;
    }
  | {
      readonly kind: 'tasks';
      readonly workers: number;
      readonly inFlight: number;
      readonly prefetch: number;
      readonly size: number;
      readonly format: Format;
    }
  | { readonly kind: 'topic'; readonly bindings: number; readonly inFlight: number }
  | { readonly kind: 'reconnect' }
  | { readonly kind: 'start-up' }
  | { readonly kind: 'idle'; readonly seconds: number }
  | { readonly kind: 'pending'; readonly calls: number }
  | { readonly kind: 'queues'; readonly queues: number };

/** Which of them. */
export type Kind = Load['kind'];

/** The load of one kind. */
export type LoadOf<K extends Kind> = Extract<Load, { readonly kind: K }>;

/** One run of one peer, as its process is told. */
export interface Job<L extends Load = Load> {
  readonly peer: string;
  readonly url: string;
  /** Those of tasks, or those of methods, which are named as them. The first is the only one in most cases. */
  readonly queues: readonly string[];
  readonly load: L;
  /** Operations that count. */
  readonly operations: number;
  /** Operations before them that do not. */
  readonly warmUp: number;
  /** Milliseconds that the library took to load. */
  readonly imported: number;
}

/** How many queues a load wants. */
export function queueCount(load: Load): number {
  switch (load.kind) {
    case 'call':
      return load.methods;
    case 'queues':
      return load.queues;
    default:
      return 1;
  }
}

/** The first queue of a job. */
export function queueOf({ queues: [queue] }: Pick<Job, 'queues'>): string {
  if (queue === undefined) throw new Error('a job without a queue');
  return queue;
}
