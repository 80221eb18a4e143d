import { type Broker, BrokerError, startBroker, type Traffic } from '../index.ts';
import { type Command, readCommand, usage } from './command.ts';

/** The world outside of the command. */
export interface Surroundings {
  /** Writes to standard output. */
  print(text: string): void;
  /** Writes to standard error. */
  complain(text: string): void;
  /** Resolves when the broker shall end. */
  readonly stopped: Promise<void>;
}

/**
 * Runs a broker until it is told to stop.
 *
 * @param args what stands behind the name of the command
 * @returns the exit code: 0, 1 where it could not start, 2 for wrong arguments
 */
export async function main(args: readonly string[], surroundings: Surroundings): Promise<number> {
  try {
    await perform(readCommand(args), surroundings);
    return 0;
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    surroundings.complain(`leveret-broker: ${error.message}\n`);
    return error.code === 'INVALID_ARGUMENT' ? 2 : 1;
  }
}

async function perform(command: Command, { print, stopped }: Surroundings): Promise<void> {
  if (command.kind === 'help') {
    print(usage);
    return;
  }
  const { options } = command;
  await using broker = await startBroker(options);
  print(greeting(broker, options.vhosts));
  await stopped;
  // Closing puts back what clients have not acknowledged; that is no traffic of theirs.
  print(summary(broker.inspect().traffic));
}

/** The address of each virtual host, then what this is. */
function greeting({ url, profile }: Broker, vhosts: readonly string[] = ['/']): string {
  return lines([
    ...vhosts.map((name) => addressOf(url, name)),
    `like RabbitMQ ${profile}, for tests and development: keeps nothing on disk; Ctrl-C ends it`,
  ]);
}

function addressOf(url: string, vhost: string): string {
  const address = new URL(url);
  address.pathname = vhost === '/' ? '' : encodeURIComponent(vhost);
  return address.href;
}

/** A line for each count, such as `published     12`. */
function summary(traffic: Readonly<Traffic>): string {
  const counts = Object.entries(traffic);
  const width = Math.max(...counts.map(([name]) => name.length)) + 2;
  return lines(counts.map(([name, count]) => `${name.padEnd(width)}${count}`));
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}
