import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { TestkitError } from '../errors.ts';
import { freePort } from '../ports.ts';
import { logTail, type RabbitPrograms } from './boot.ts';
import { findEpmd, findRabbitServer } from './find.ts';
import { layoutFiles, type NodeLayout, type NodePorts } from './layout.ts';
import { RabbitNode } from './node.ts';

const ATTEMPTS = 3;
const BOOT_TIMEOUT_MS = 60_000;

/** How `startRabbitNode` boots its node. */
export interface RabbitNodeOptions {
  /** Further lines of rabbitmq.conf, such as `vm_memory_high_watermark.absolute = 1GB`. */
  readonly config?: readonly string[];
  /** Further environment variables of the server. They win over those that the testkit sets. */
  readonly env?: Readonly<Record<string, string>>;
  /** How long a boot may take, in milliseconds; a minute unless given. A free machine needs 5 to 11 s. */
  readonly bootTimeoutMs?: number;
}

/** The installed programs. */
function findPrograms(): RabbitPrograms {
  const server = findRabbitServer();
  const epmd = findEpmd();
  if (server === undefined || epmd === undefined) {
    throw new TestkitError(
      'RabbitMQ is not installed: install the package rabbitmq-server (with Erlang)',
    );
  }
  const { PATH: path = '/usr/local/bin:/usr/bin:/bin' } = process.env;
  return { server, ctl: join(dirname(server), 'rabbitmqctl'), epmd, path };
}

/** Three ports that were free a moment ago. */
async function pickPorts(): Promise<NodePorts> {
  const [amqp, dist, epmd] = await Promise.all([freePort(), freePort(), freePort()]);
  return { amqp, dist, epmd };
}

/** Creates the data folder of a new node with the files that it boots from. */
async function prepare(options: RabbitNodeOptions): Promise<NodeLayout> {
  const layout: NodeLayout = {
    name: 'leveret@localhost',
    dataDir: await mkdtemp(join(tmpdir(), 'leveret-rabbit-')),
    cookie: randomUUID(),
    ports: await pickPorts(),
    config: options.config ?? [],
    env: options.env ?? {},
  };
  for (const [file, content] of layoutFiles(layout)) {
    await writeFile(file, content, { mode: 0o600 });
  }
  return layout;
}

/**
 * Starts a private RabbitMQ node on free ports of 127.0.0.1 and waits until it takes connections. It lives until it is
 * disposed or until this process ends, however that happens.
 *
 * @example
 * await using node = await startRabbitNode();
 * await node.ctl('list_queues');
 *
 * @throws TestkitError when RabbitMQ is not installed or the node does not come up in time.
 */
export async function startRabbitNode(options: RabbitNodeOptions = {}): Promise<RabbitNode> {
  const programs = findPrograms();
  for (let attempt = 1; ; attempt += 1) {
    const layout = await prepare(options);
    try {
      return await RabbitNode.boot(layout, programs, options.bootTimeoutMs ?? BOOT_TIMEOUT_MS);
    } catch (error) {
      const portTaken = /eaddrinuse|address already in use/i.test(await logTail(layout));
      await rm(layout.dataDir, { recursive: true, force: true, maxRetries: 5 });
      if (!portTaken || attempt === ATTEMPTS) throw error;
    }
  }
}
