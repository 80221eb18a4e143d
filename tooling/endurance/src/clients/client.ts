import process from 'node:process';
import { type Connection, connect } from '@leveret/core';
import { type ClientPlan, now, type StreamName, type ToClient } from '../protocol.ts';
import { Reporter } from './reporter.ts';

/** What a client process does when it is asked to. */
export interface Client {
  start(): void;
  pause(): void;
  resume(): void;
  finish(): void;
  close(): Promise<void>;
}

/** What a client is made with. */
export interface ClientTools {
  readonly plan: ClientPlan;
  readonly reporter: Reporter;
  /** Connects with the library's default options. */
  connect(stream: StreamName): Promise<Connection>;
}

/** Runs a client in this process, as the rig asks. */
export async function runClient(make: (tools: ClientTools) => Promise<Client>): Promise<void> {
  const reporter = new Reporter();
  guard(reporter);
  const [, , text = '{}'] = process.argv;
  const plan: ClientPlan = JSON.parse(text);
  const client = await make({
    plan,
    reporter,
    connect: async (stream) => {
      const connection = await connect([...plan.urls], { name: `endurance ${stream}` });
      reporter.watch(connection, stream);
      return connection;
    },
  });
  process.on('message', (message: ToClient) => obey(message, client, reporter));
  reporter.send({ kind: 'ready' });
}

function obey(message: ToClient, client: Client, reporter: Reporter): void {
  switch (message.kind) {
    case 'start':
      return client.start();
    case 'pause':
      return client.pause();
    case 'resume':
      return client.resume();
    case 'finish':
      return client.finish();
    case 'weigh':
      return weigh(reporter);
    case 'close':
      void close(client, reporter);
  }
}

/** Nothing may go wrong unheard, and nothing may leak listeners. */
function guard(reporter: Reporter): void {
  process.on('unhandledRejection', (reason) =>
    reporter.problem(`unhandled rejection: ${told(reason)}`),
  );
  process.on('uncaughtException', (error) =>
    reporter.problem(`uncaught exception: ${told(error)}`),
  );
  process.on('warning', (warning) => reporter.problem(`warning: ${told(warning)}`));
  // Without the rig there is nobody to work for.
  process.on('disconnect', () => {
    if (process.exitCode === undefined) process.exit(1);
  });
}

function weigh(reporter: Reporter): void {
  globalThis.gc?.();
  // What the first one let go of by finalisers.
  setImmediate(() => {
    globalThis.gc?.();
    const { heapUsed, rss } = process.memoryUsage();
    reporter.send({ kind: 'weight', heapUsed, rss });
  });
}

/** Afterwards nothing is left that keeps the process: it has to end by itself. */
async function close(client: Client, reporter: Reporter): Promise<void> {
  const start = now();
  await client.close();
  reporter.send({ kind: 'closed', took: now() - start });
  process.exitCode = 0;
  process.disconnect();
}

function told(value: unknown): string {
  return value instanceof Error ? (value.stack ?? value.message) : String(value);
}
