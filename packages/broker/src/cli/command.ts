import { parseArgs } from 'node:util';
import { type Profile, profiles } from '../base/profile.ts';
import { BrokerError, type BrokerOptions, type UserSpec } from '../index.ts';

/** What the command is asked to do. */
export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'run'; readonly options: BrokerOptions };

/** RabbitMQ's port, where clients look unless told otherwise. */
const AMQP_PORT = 5672;

/** What `--help` prints. */
export const usage: string = `Usage: npx @leveret/broker [options]

An AMQP 0-9-1 broker that behaves like RabbitMQ, for tests and development. It keeps nothing on disk.

  --port <number>          TCP port, 0 for any free one (${AMQP_PORT})
  --host <address>         address to listen on (127.0.0.1 and ::1)
  --profile <version>      RabbitMQ to behave like: ${Object.keys(profiles).join(', ')} (4.0)
  --user <name:password>   who may log in, with all permissions; may be repeated (guest:guest)
  --vhost <name>           virtual host; may be repeated (/)
  --heartbeat <seconds>    interval proposed to clients, 0 for none (60)
  --memory <bytes>         what messages may hold before publishers are blocked
                           (40% of the machine's memory, at most 2 GiB)
  --help                   prints this
`;

const value = { type: 'string' } as const;
const values = { type: 'string', multiple: true } as const;

/** Names and kinds of the options, as `parseArgs` takes them. */
const known = {
  port: value,
  host: value,
  profile: value,
  user: values,
  vhost: values,
  heartbeat: value,
  memory: value,
  help: { type: 'boolean', short: 'h' },
} as const;

/**
 * Reads the arguments of the command. Ranges are left to `startBroker`.
 *
 * @throws BrokerError `INVALID_ARGUMENT`, in one line
 */
export function readCommand(args: readonly string[]): Command {
  const given = parse(args);
  if (given.help === true) return { kind: 'help' };
  const { port, host, profile, user, vhost, heartbeat, memory } = given;
  return {
    kind: 'run',
    options: {
      port: port === undefined ? AMQP_PORT : wholeNumber('--port', port),
      ...(host !== undefined && { host }),
      ...(profile !== undefined && { profile: knownProfile(profile) }),
      ...(user !== undefined && { users: user.map(userSpec) }),
      ...(vhost !== undefined && { vhosts: vhost.map(vhostName) }),
      ...(heartbeat !== undefined && { heartbeat: wholeNumber('--heartbeat', heartbeat) }),
      ...(memory !== undefined && { limits: { memory: wholeNumber('--memory', memory) } }),
    },
  };
}

type Given = ReturnType<typeof parseArgs<{ options: typeof known }>>['values'];

function parse(args: readonly string[]): Given {
  try {
    return parseArgs({ args: [...args], options: known }).values;
  } catch (cause) {
    // What follows the first sentence is advice on quoting, over several lines.
    const [sentence] = (cause instanceof Error ? cause.message : String(cause)).split(
      /\.?\n|\. /,
      1,
    );
    throw new BrokerError('INVALID_ARGUMENT', `${sentence}; see --help`, { cause });
  }
}

function wholeNumber(option: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw refusal(option, 'a whole number', text);
}

function vhostName(text: string): string {
  if (text !== '') return text;
  throw refusal('--vhost', 'a name', text);
}

function knownProfile(text: string): Profile {
  if (isProfile(text)) return text;
  throw refusal('--profile', `one of ${Object.keys(profiles).join(', ')}`, text);
}

function isProfile(text: string): text is Profile {
  return Object.hasOwn(profiles, text);
}

/** The first colon ends the name; the password may have others. */
function userSpec(text: string): UserSpec {
  const colon = text.indexOf(':');
  if (colon < 1) throw new BrokerError('INVALID_ARGUMENT', '--user must be name:password');
  return { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

function refusal(option: string, rule: string, text: string): BrokerError {
  return new BrokerError('INVALID_ARGUMENT', `${option} must be ${rule}, got '${text}'`);
}
