import { parseArgs } from 'node:util';
import { findRabbitServer } from '@leveret/testkit';

/** The scenarios, by name. */
const SCENARIOS = ['restart', 'cluster', 'soak'] as const;

/** The name of a scenario. */
export type Scenario = (typeof SCENARIOS)[number];

/** How many there are by default: in a cluster enough for several kills, while the nodes that are left work on. */
const TASKS = { restart: 100_000, cluster: 300_000, soak: undefined };
const CALLS = { restart: 10_000, cluster: 30_000, soak: undefined };

/** What a run is asked for. */
export interface Options {
  readonly scenario: Scenario;
  readonly tasks: number | undefined;
  readonly calls: number | undefined;
  readonly seconds: number;
  readonly seed: number;
  readonly broker: 'rabbit' | 'embedded';
  /** How often a single node is killed; a cluster loses nodes until all is done. */
  readonly kills: number;
  /** Whether the link is cut as well. */
  readonly cuts: boolean;
  /** Whether workers are killed at random. */
  readonly killWorkers: boolean;
}

export const USAGE: string = `usage: npm run endurance -- ${SCENARIOS.join('|')} [options]
  --tasks N        tasks to create; restart: 100000, cluster: 300000, soak: as many as fit
  --calls N        calls to make; restart: 10000, cluster: 30000, soak: one for ten tasks
  --seconds N      how long to soak: 600
  --seed N         repeats the faults of an earlier run
  --kills N        restart: how often the broker is killed: 5
  --no-cuts        restart, cluster: leave the link alone
  --kill-workers   restart, cluster: kill -9 the worker process now and then
  --rabbit         on a private RabbitMQ; the default where it is installed
  --embedded       on the embedded broker`;

/**
 * Reads the command line.
 *
 * @throws Error saying what is wrong with it
 */
export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      tasks: { type: 'string' },
      calls: { type: 'string' },
      seconds: { type: 'string' },
      seed: { type: 'string' },
      kills: { type: 'string' },
      'no-cuts': { type: 'boolean' },
      'kill-workers': { type: 'boolean' },
      rabbit: { type: 'boolean' },
      embedded: { type: 'boolean' },
    },
  });
  const scenario = SCENARIOS.find((name) => name === positionals[0]);
  if (!scenario || positionals.length > 1) throw new Error('name one scenario');
  const embedded = values.embedded ?? (!values.rabbit && findRabbitServer() === undefined);
  if (embedded && scenario === 'cluster') throw new Error('a cluster needs RabbitMQ');
  return {
    scenario,
    tasks: whole('tasks', values.tasks) ?? TASKS[scenario],
    calls: whole('calls', values.calls) ?? CALLS[scenario],
    seconds: whole('seconds', values.seconds) ?? 600,
    seed: whole('seed', values.seed) ?? Math.floor(Math.random() * 2 ** 32),
    broker: embedded ? 'embedded' : 'rabbit',
    kills: whole('kills', values.kills) ?? 5,
    cuts: !values['no-cuts'],
    killWorkers: values['kill-workers'] ?? false,
  };
}

function whole(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,10}$/.test(text)) throw new Error(`--${name} must be a whole number, not ${text}`);
  return Number(text);
}
