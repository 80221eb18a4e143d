import { describe, expect, test } from 'vitest';
import { BrokerError } from '../index.ts';
import { readCommand, usage } from './command.ts';

describe('the arguments of the command', () => {
  test('nothing is the port of RabbitMQ, and the defaults of startBroker', () => {
    expect(readCommand([])).toEqual({ kind: 'run', options: { port: 5672 } });
  });

  test('each one becomes an option of startBroker', () => {
    const args =
      '--port 0 --host ::1 --profile 3.10 --user ann:a:b --user bob: --vhost / --vhost two --heartbeat 0 --memory 4096';
    expect(readCommand(args.split(' '))).toEqual({
      kind: 'run',
      options: {
        port: 0,
        host: '::1',
        profile: '3.10',
        users: [
          { name: 'ann', password: 'a:b' },
          { name: 'bob', password: '' },
        ],
        vhosts: ['/', 'two'],
        heartbeat: 0,
        limits: { memory: 4096 },
      },
    });
  });

  test('help is help, whatever else is asked', () => {
    expect(readCommand(['--port', 'x', '--help'])).toEqual({ kind: 'help' });
  });

  test.each([
    [['--port', 'x'], "--port must be a whole number, got 'x'"],
    [['--port', ''], "--port must be a whole number, got ''"],
    [['--heartbeat=-1'], "--heartbeat must be a whole number, got '-1'"],
    [['--memory', '1e3'], "--memory must be a whole number, got '1e3'"],
    [['--vhost', ''], "--vhost must be a name, got ''"],
    [['--profile', '3.9'], "--profile must be one of 3.10, 4.0, 4.3, got '3.9'"],
    [['--profile', 'toString'], "--profile must be one of 3.10, 4.0, 4.3, got 'toString'"],
    [['--user', 'ann'], '--user must be name:password'],
    [['--user', ':secret'], '--user must be name:password'],
    [['--frames', '1'], "Unknown option '--frames'; see --help"],
    [['--port', '--host'], "Option '--port' argument is ambiguous; see --help"],
    [['--port'], "Option '--port <value>' argument missing; see --help"],
    [['5672'], "Unexpected argument '5672'; see --help"],
  ])('%j is refused in one line', (args, text) => {
    const refused = (): unknown => readCommand(args);
    expect(refused).toThrow(BrokerError);
    expect(refused).toThrow(expect.objectContaining({ message: `INVALID_ARGUMENT: ${text}` }));
  });

  test('the help names every option', () => {
    for (const name of 'port host profile user vhost heartbeat memory help'.split(' ')) {
      expect(usage).toContain(`  --${name} `);
    }
  });
});
