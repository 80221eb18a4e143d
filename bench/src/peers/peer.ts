import type { Format } from '../formats.ts';
import type { CallArguments, CallResult, Task } from '../work.ts';

/** What a peer promises when it is used as it is here. */
interface Guarantee {
  /** A publish is over when the broker has confirmed it. */
  readonly confirms: boolean;
  /** When a message is acknowledged. */
  readonly acks: string;
  /** Connection, channels and consumers come back after a cut. */
  readonly recovers: boolean;
  /** What else is different. */
  readonly remark?: string;
}

/** Where to work, and in which format. */
export interface Place {
  readonly url: string;
  readonly format: Format;
}

/** Publishes one task; over when that is confirmed. */
export type Publish = (task: Task) => Promise<void>;
/** Works one task off; it is acknowledged when that is over. */
export type Handle = (body: unknown) => void | Promise<void>;
/** Answers one call. */
export type Method = (args: unknown) => CallResult | Promise<CallResult>;
/** Makes one call. */
export type Call = (method: string, args: CallArguments) => Promise<unknown>;

/** An exchange of type `topic`, which is not durable so that bindings need no disk, with bindings to one queue. */
export interface Topic {
  bind(key: string): Promise<void>;
  publish(key: string): Promise<void>;
}

interface PeerInfo {
  /** As the command line names it. */
  readonly name: string;
  /** As tables name it. */
  readonly title: string;
  /** Packages whose versions matter. */
  readonly packages: readonly string[];
  readonly guarantee: Guarantee;
  /** Names of cases that it is left out of, and why. */
  readonly cannot: Readonly<Record<string, string>>;
}

/**
 * A library for Node. It does what it has a function for. Each function opens a connection of its own; nothing is closed,
 * since a run is a process. Queues of tasks and calls are there, durable and empty.
 */
export interface NodePeer extends PeerInfo {
  readonly runs: 'node';
  readonly formats: readonly Format[];
  readonly publisher?: (at: Place, queue: string) => Promise<Publish>;
  readonly consumer?: (
    at: Place,
    queues: readonly string[],
    prefetch: number,
    handle: Handle,
  ) => Promise<void>;
  /** Methods have the names of queues. */
  readonly callee?: (
    at: Place,
    methods: readonly string[],
    prefetch: number,
    method: Method,
  ) => Promise<void>;
  readonly caller?: (at: Place, methods: readonly string[]) => Promise<Call>;
  readonly topic?: (at: Place, exchange: string, queue: string) => Promise<Topic>;
  /** What stands in the body of a task, where it is not the task itself. */
  readonly envelope?: (task: Task, queue: string) => unknown;
}

/** A library for Python, used by a program in `python/`. */
export interface PythonPeer extends PeerInfo {
  readonly runs: 'python';
  readonly program: string;
  /** The part of a case's operations that it does, so that it takes no longer than the others. */
  readonly share: number;
  /** The kinds of load that the program knows. */
  readonly kinds: readonly string[];
}

/** A library that does the same work. */
export type Peer = NodePeer | PythonPeer;
