import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { TestkitError } from '../errors.ts';
import { findErlCall, findRabbitServer, type RabbitPrograms } from './find.ts';
import { layoutFiles, type NodeLayout } from './layout.ts';
import { RabbitNode } from './node.ts';
import type { PortMapper } from './port-mapper.ts';

const ATTEMPTS = 3;
const BOOT_TIMEOUT_MS = 60_000;
const PORT_TAKEN = /eaddrinuse|address already in use|port \d+ in use/i;

/** How `startRabbitNode` boots its node. */
export interface RabbitNodeOptions {
  /** Further lines of rabbitmq.conf, such as `vm_memory_high_watermark.absolute = 1GB`. */
  readonly config?: readonly string[];
  /** Plugins to enable, such as `rabbitmq_consistent_hash_exchange`. They must be installed. */
  readonly plugins?: readonly string[];
  /** Further environment variables of the server. They win over those that the testkit sets. */
  readonly env?: Readonly<Record<string, string>>;
  /** How long a boot may take, in milliseconds; a minute unless given. A free machine needs 5 to 11 s. */
  readonly bootTimeoutMs?: number;
}

/** The installed programs. */
function findPrograms(): RabbitPrograms {
  const server = findRabbitServer();
  const erlCall = findErlCall();
  if (server === undefined || erlCall === undefined) {
    throw new TestkitError(
      'RabbitMQ is not installed: install the package rabbitmq-server (with Erlang)',
    );
  }
  const { PATH: path = '/usr/local/bin:/usr/bin:/bin' } = process.env;
  return { server, ctl: join(dirname(server), 'rabbitmqctl'), erlCall, path };
}

/** What tells a node from others with the same options. */
export interface NodeIdentity extends Pick<NodeLayout, 'name' | 'cookie'> {
  readonly ports: Omit<NodeLayout['ports'], 'mapper'>;
  /** Its port mapper, which it takes over. */
  readonly mapper: PortMapper;
}

/** Creates a node that is down, with its data folder and the files that it boots from. */
export async function createNode(
  options: RabbitNodeOptions,
  { name, cookie, ports, mapper }: NodeIdentity,
): Promise<RabbitNode> {
  const programs = findPrograms();
  const layout: NodeLayout = {
    name,
    cookie,
    dataDir: await mkdtemp(join(tmpdir(), 'leveret-rabbit-')),
    ports: { ...ports, mapper: mapper.port },
    config: options.config ?? [],
    plugins: options.plugins ?? [],
    env: options.env ?? {},
  };
  for (const [file, content] of layoutFiles(layout)) {
    await writeFile(file, content, { mode: 0o600 });
  }
  return new RabbitNode({
    layout,
    programs,
    bootTimeoutMs: options.bootTimeoutMs ?? BOOT_TIMEOUT_MS,
    mapper,
  });
}

/**
 * Runs `boot`, which picks free ports, again when another program took one of them in between. What an attempt has
 * started must be gone when it rejects.
 */
export async function onFreePorts<T>(boot: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await boot();
    } catch (error) {
      const taken = error instanceof Error && PORT_TAKEN.test(error.message);
      if (!taken || attempt === ATTEMPTS) throw error;
    }
  }
}
