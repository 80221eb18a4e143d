import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createInbox } from '../inbox.ts';
import { listenAnywhere } from '../ports.ts';
import { Mesh } from './mesh.ts';

/** Three members which answer what they hear. */
const names = ['a', 'b', 'c'];
let mesh: Mesh;

beforeEach(async () => {
  const members = names.map(async (name) => {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.pipe(socket);
    });
    onTestFinished(() => void server.close());
    return { name, port: await listenAnywhere(server) };
  });
  mesh = await Mesh.open(await Promise.all(members));
  onTestFinished(() => mesh[Symbol.asyncDispose]());
});

/** A connection from one member to another and what comes back on it: text, 'close'. */
function travel(from: string, to: string) {
  const socket: Socket = connect({ port: mesh.portBetween(from, to) ?? 0, host: '127.0.0.1' });
  const events = createInbox<string>(`news from ${to}`);
  socket.setEncoding('latin1').on('data', events.push);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => events.push('close'));
  onTestFinished(() => void socket.destroy());
  return { socket, events };
}

/** What a member hears from another one: its own words, or that the connection is gone. */
async function hears(from: string, to: string): Promise<string> {
  const { socket, events } = travel(from, to);
  socket.write('hello');
  return events.next();
}

describe('a mesh', () => {
  test('has a way from each member to each other one', async () => {
    for (const from of names) {
      for (const to of names) {
        if (from !== to) expect(await hears(from, to)).toBe('hello');
      }
    }
    expect(mesh.portBetween('a', 'a')).toBeUndefined();
    expect(mesh.portBetween('a', 'stranger')).toBeUndefined();
  });

  test('partitioned, ends the connections between the groups and lets no new ones in', async () => {
    const [open, within] = [travel('c', 'a'), travel('a', 'b')];
    await Promise.all([once(open.socket, 'connect'), once(within.socket, 'connect')]);
    mesh.partition(['a', 'b'], ['c']);
    expect(await open.events.next()).toBe('close');
    expect([await hears('a', 'c'), await hears('c', 'b')]).toEqual(['close', 'close']);
    within.socket.write('still here');
    expect(await within.events.next()).toBe('still here');
    mesh.heal();
    expect([await hears('a', 'c'), await hears('c', 'b')]).toEqual(['hello', 'hello']);
  });

  test('partitioned and frozen, keeps connections open in silence until it is healed', async () => {
    const open = travel('c', 'a');
    await once(open.socket, 'connect');
    mesh.partition(['a', 'b'], ['c'], { frozen: true });
    open.socket.write('late');
    const opened = travel('a', 'c');
    opened.socket.write('later');
    // Traffic of others is time enough for bytes that should not come.
    expect(await hears('a', 'b')).toBe('hello');
    expect([open.events.size, opened.events.size]).toEqual([0, 0]);
    mesh.heal();
    expect([await open.events.next(), await opened.events.next()]).toEqual(['late', 'later']);
  });
});
