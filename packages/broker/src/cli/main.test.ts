import { describe, expect, test } from 'vitest';
import { startBroker } from '../index.ts';
import { visit } from './client.fixture.ts';
import { usage } from './command.ts';
import { main } from './main.ts';

/** Runs the command in this process. */
function start(...args: readonly string[]) {
  const texts = { out: '', err: '' };
  let stop = (): void => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  let started = (): void => {};
  const greeted = new Promise<void>((resolve) => {
    started = resolve;
  });
  const ended = main(args, {
    print: (text) => {
      texts.out += text;
      started();
    },
    complain: (text) => {
      texts.err += text;
    },
    stopped,
  });
  return { texts, greeted, ended, stop };
}

describe('the command', () => {
  test('prints the address first, and what passed through when it is told to stop', async () => {
    const { texts, greeted, ended, stop } = start('--port', '0');
    await greeted;
    const [url = ''] = texts.out.split('\n');
    expect(url).toMatch(/^amqp:\/\/guest:guest@127\.0\.0\.1:\d+$/);
    expect(texts.out).toContain('\nlike RabbitMQ 4.0, for tests and development');
    const greeting = texts.out.length;
    using client = await visit(url);
    stop();
    expect(await ended).toBe(0);
    await client.closed;
    expect(texts.err).toBe('');
    expect(texts.out.slice(greeting)).toBe(
      [
        'connections   1',
        'channels      1',
        'published     3',
        'delivered     2',
        'acknowledged  1',
        'requeued      0',
        'returned      1',
        '',
      ].join('\n'),
    );
  });

  test('prints an address for each virtual host, with the first user', async () => {
    const { texts, greeted, ended, stop } = start(
      ...['--port', '0', '--user', 'ann:p@ss', '--user', 'bob:b'],
      ...['--vhost', 'one', '--vhost', 'a/b', '--vhost', '/', '--profile', '3.10'],
    );
    await greeted;
    const [first, second = '', third = '', about] = texts.out.split('\n');
    expect(third).toMatch(/^amqp:\/\/ann:p%40ss@127\.0\.0\.1:\d+$/);
    expect(second).toBe(`${third}/a%2Fb`);
    expect(first).toBe(`${third}/one`);
    expect(about).toMatch(/^like RabbitMQ 3\.10, /);
    using _client = await visit(second);
    stop();
    expect(await ended).toBe(0);
  });

  test('a broker without the virtual host / has none in its addresses', async () => {
    const { texts, greeted, ended, stop } = start('--port', '0', '--vhost', 'one');
    await greeted;
    const [address = '', about] = texts.out.split('\n');
    expect(address).toMatch(/:\d+\/one$/);
    expect(about).toMatch(/^like RabbitMQ /);
    using _client = await visit(address);
    stop();
    expect(await ended).toBe(0);
  });

  test('prints help', async () => {
    const { texts, ended } = start('--help');
    expect(await ended).toBe(0);
    expect(texts).toEqual({ out: usage, err: '' });
  });

  test.each([
    ['--port', 'x'],
    ['--port', '65536'],
    ['--heartbeat', '65536'],
    ['--memory', '0'],
    ['--host', ''],
  ])('%s %s is one line and exit code 2', async (...args) => {
    const { texts, ended } = start(...args);
    expect(await ended).toBe(2);
    expect(texts.out).toBe('');
    expect(texts.err).toMatch(/^leveret-broker: INVALID_ARGUMENT: [^\n]+\n$/);
  });

  test('a port that is taken is one line and exit code 1', async () => {
    await using other = await startBroker();
    const { texts, ended } = start('--port', String(other.port));
    expect(await ended).toBe(1);
    expect(texts.out).toBe('');
    expect(texts.err).toMatch(/^leveret-broker: LISTEN_FAILED: [^\n]+EADDRINUSE[^\n]*\n$/);
  });
});
