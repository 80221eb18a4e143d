import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createInbox } from '../inbox.ts';
import { listenAnywhere } from '../ports.ts';
import { findRabbitServer } from './find.ts';
import { nothingLeft, processesOf } from './processes.fixture.ts';
import { startRabbitNode } from './start.ts';

const { PATH } = process.env;
const BOOTS_MS = 120_000;

const DECLARE = `
  Name = rabbit_misc:r(<<"/">>, queue, <<"kept">>),
  {new, _} = rabbit_amqqueue:declare(Name, true, false, [], none, <<"test">>), done.`;

describe.skipIf(findRabbitServer() === undefined)('a private RabbitMQ node', () => {
  test('keeps durable queues, ports and data over kill -9 and restart, and leaves nothing behind', {
    timeout: BOOTS_MS,
  }, async () => {
    const node = await startRabbitNode({ config: ['channel_max = 77'] });
    onTestFinished(() => node[Symbol.asyncDispose]());
    const { port, url, dataDir, pid } = node;
    expect(readFileSync(`${dataDir}/pid`, 'utf8').trim()).toBe(String(pid));
    expect(await node.erlang('application:get_env(rabbit, channel_max).')).toBe('{ok, 77}');
    expect(await node.erlang(DECLARE)).toBe('done');
    await expect(node.erlang('no_such:thing().')).rejects.toThrow(/cannot evaluate.*undef/s);

    await node.sync();
    await node.kill();
    expect(node.pid).toBeUndefined();
    await node.start();
    expect(node.pid).not.toBe(pid);
    expect([node.port, node.url]).toEqual([port, url]);
    expect(await node.ctl('list_queues', 'name')).toContain('kept');
    await expect(node.start()).rejects.toThrow('cannot start a RabbitMQ node that is up');
    await expect(node.ctl('no_such_command')).rejects.toThrow('rabbitmqctl no_such_command failed');

    node.pause();
    const socket = connect({ port, host: '127.0.0.1' });
    onTestFinished(() => {
      socket.destroy();
    });
    socket.on('error', () => socket.destroy());
    socket.write('AMQP\0\0\x09\x01', 'latin1');
    await once(socket, 'connect');
    // The system stops a process a little after it was told to.
    await expect.poll(() => readFileSync(`/proc/${node.pid}/stat`, 'utf8')).toContain(') T ');
    node.resume();
    await once(socket, 'data');

    await node.stop();
    expect(node.pid).toBeUndefined();
    expect(readFileSync(`${dataDir}/console.log`, 'utf8')).not.toContain('CRASH');
    await node[Symbol.asyncDispose]();
    await nothingLeft(dataDir);
    expect(existsSync(dataDir)).toBe(false);
    await expect(node.start()).rejects.toThrow('disposed');
  });

  test('ends with the test run, data folder included, also when that is killed with -9', {
    timeout: BOOTS_MS,
  }, async () => {
    const reports = createInbox<string>('the report of the other vitest');
    const desk = createServer((socket) => {
      socket.setEncoding('utf8').on('data', reports.push);
      socket.on('error', () => socket.destroy());
    });
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const script = `
      import { startVitest } from 'vitest/node';
      const include = ['src/rabbit/owner.fixture.ts'];
      await startVitest('test', [], { config: false, watch: false, include });`;
    const owner = execFile(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: root,
      env: { PATH, REPORT_PORT: String(await listenAnywhere(desk)) },
    });
    onTestFinished(() => {
      owner.kill('SIGKILL');
      desk.close();
    });
    const dataDir = await reports.next(BOOTS_MS / 2);
    expect((await processesOf(dataDir)).length).toBeGreaterThan(1);

    owner.kill('SIGKILL');
    await nothingLeft(dataDir);
    // Whoever deletes it does not bear its name.
    await expect.poll(() => existsSync(dataDir), { timeout: 10_000 }).toBe(false);
  });

  test('says what is wrong when the server refuses its configuration', {
    timeout: BOOTS_MS,
  }, async () => {
    await expect(startRabbitNode({ config: ['no.such.key = 1'] })).rejects.toThrow(
      /RabbitMQ did not start; it printed: .*no\.such\.key/s,
    );
  });
});
