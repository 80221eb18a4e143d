import { join } from 'node:path';

/** The ports of one node. All of them are on 127.0.0.1. */
interface NodePorts {
  readonly amqp: number;
  /** Where it takes connections of other nodes. */
  readonly dist: number;
  /** Its port mapper. */
  readonly mapper: number;
}

/** Everything that says where a node lives. The nodes of a cluster share the cookie. */
export interface NodeLayout {
  readonly name: string;
  readonly dataDir: string;
  readonly cookie: string;
  readonly ports: NodePorts;
  /** Lines of rabbitmq.conf. */
  readonly config: readonly string[];
  readonly plugins: readonly string[];
  /** Environment variables that win over all others. */
  readonly env: Readonly<Record<string, string>>;
}

/** The files of a node which exist before its first boot, by path. */
export function layoutFiles(layout: NodeLayout): ReadonlyMap<string, string> {
  const at = (name: string): string => join(layout.dataDir, name);
  return new Map([
    [at('.erlang.cookie'), layout.cookie],
    [at('enabled_plugins'), `[${layout.plugins.join(',')}].\n`],
    [at('rabbitmq.conf'), layout.config.map((line) => `${line}\n`).join('')],
    [at('rabbitmq-env.conf'), ''],
  ]);
}

/** Where the node writes what it prints. */
export function consoleLog(layout: NodeLayout): string {
  return join(layout.dataDir, 'console.log');
}

/**
 * The environment of a node and of its rabbitmqctl. Nothing of this process but PATH is handed on, so
 * settings of another broker on the machine have no say.
 */
export function layoutEnv(layout: NodeLayout, path: string): Readonly<Record<string, string>> {
  const at = (name: string): string => join(layout.dataDir, name);
  return {
    PATH: path,
    HOME: layout.dataDir,
    LANG: 'C.UTF-8',
    ERL_CRASH_DUMP: at('erl_crash.dump'),
    ERL_EPMD_PORT: String(layout.ports.mapper),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: layout.name,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(layout.ports.amqp),
    RABBITMQ_DIST_PORT: String(layout.ports.dist),
    RABBITMQ_MNESIA_BASE: at('mnesia'),
    RABBITMQ_LOG_BASE: at('log'),
    RABBITMQ_PID_FILE: at('pid'),
    RABBITMQ_ENABLED_PLUGINS_FILE: at('enabled_plugins'),
    RABBITMQ_CONFIG_FILE: at('rabbitmq.conf'),
    RABBITMQ_CONF_ENV_FILE: at('rabbitmq-env.conf'),
    // The port mapper runs in this process: an epmd started by Erlang would be a daemon and stay.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
      '-start_epmd false -kernel inet_dist_use_interface {127,0,0,1}',
    // The packaged settings of the Erlang memory allocators are for production; without them a node boots in about half
    // the time. No busy waiting: the machine is shared with the tests.
    RABBITMQ_SERVER_ERL_ARGS: '+sbwt none',
    RABBITMQ_CTL_ERL_ARGS: '-start_epmd false',
    // Makes the start script become the Erlang machine instead of staying its parent.
    detached: '1',
    ...layout.env,
  };
}
