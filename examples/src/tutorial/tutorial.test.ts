// What docs/tutorial/ shows is what the programs are and print. docs/tutorial/README.md says how the blocks are read.
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from '@leveret/core';
import { describeWithBroker } from '@leveret/testkit/vitest';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Running, Terminals } from './commands.fixture.ts';
import { blocksOf, type Command, commandsOf, texts } from './text.fixture.ts';

const root = new URL('../../..', import.meta.url);
const queues = ['hello', 'task_queue', 'rpc_queue', 'fibonacci'];
const exchanges = ['logs', 'direct_logs', 'topic_logs'];

/** A command of a text, and what became of it. */
interface Screen {
  readonly command: Command;
  readonly running: Running;
}

/** Deletes what the programs leave, and what an earlier run has left that was cut short. */
async function deleteAll(url: string): Promise<void> {
  await using connection = await connect(url);
  await using channel = await connection.channel();
  for (const name of queues) await (await channel.getQueue(name, { ensure: false })).delete();
  for (const name of exchanges) await (await channel.getExchange(name, { ensure: false })).delete();
}

/** Types the commands one after the other; what runs until Ctrl-C runs on beside those that follow. */
async function typeAll(terminals: Terminals, commands: readonly Command[]): Promise<Screen[]> {
  const screens: Screen[] = [];
  for (const command of commands) {
    const running = terminals.type(command.line);
    screens.push({ command, running });
    const isReady = (): boolean => command.stopped !== undefined && running.lines().length > 0;
    await terminals.until(() => isReady() || running.code() !== undefined);
  }
  return screens;
}

/** Screens that are looked at as one: those of a shared command, else each by itself. */
function groupsOf(screens: readonly Screen[]): readonly Screen[][] {
  const keyOf = ({ command }: Screen, index: number): string =>
    command.isShared ? command.line : `${index}`;
  const groups = new Map<string, Screen[]>();
  for (const [index, screen] of screens.entries()) {
    const key = keyOf(screen, index);
    groups.set(key, [...(groups.get(key) ?? []), screen]);
  }
  return [...groups.values()];
}

/** Waits for what the text shows, presses Ctrl-C where it does, and compares. */
async function finish(terminals: Terminals, group: readonly Screen[]): Promise<void> {
  const shown = group.flatMap(({ command }) => command.printed).length;
  const isThere = (): boolean =>
    group.flatMap(({ running }) => running.lines()).length >= shown ||
    group.some(({ running }) => running.code() !== undefined);
  await terminals.until(isThere);
  for (const { running } of group) running.interrupt();
  await terminals.until(() => group.every(({ running }) => running.code() !== undefined));

  const ends = group.map(({ command: { line }, running }) => ({
    line,
    errors: running.errors(),
    code: running.code(),
  }));
  expect(ends).toEqual(ends.map(({ line }) => ({ line, errors: '', code: 0 })));
  const printed = group.flatMap(({ running }) => running.lines());
  const expected = group.flatMap(({ command: { printed, stopped = [] } }) => [
    ...printed,
    ...stopped,
  ]);
  if (group.length === 1) expect(printed).toEqual(expected);
  else expect(printed.toSorted()).toEqual(expected.toSorted());
}

describeWithBroker('the tutorial', (getUrl) => {
  beforeEach(() => deleteAll(getUrl()));
  afterEach(() => deleteAll(getUrl()));

  test.for(texts)(
    'the commands of %s print what it shows, and end well',
    { timeout: 120_000 },
    async (text) => {
      await using terminals = new Terminals(getUrl());
      const screens = await typeAll(terminals, commandsOf(text));
      for (const group of groupsOf(screens)) await finish(terminals, group);
    },
  );
});

test.for(texts)('the code in %s is that of the programs, to the byte', (text) => {
  const code = blocksOf(text).filter(({ language }) => language === 'ts');
  expect(code).not.toEqual([]);
  for (const { info, content } of code) {
    expect(info).toMatch(/^file=examples\/src\/tutorial\/[\w/-]+\.ts$/);
    const source = readFileSync(new URL(info.replace('file=', ''), root), 'utf8');
    expect(`\n${source}`).toContain(`\n${content}`);
  }
});

test('each program is shown by a text and run by it', () => {
  const programs = readdirSync(new URL('.', import.meta.url), { recursive: true, encoding: 'utf8' })
    .filter((name) => /^\d.*\.ts$/.test(name))
    .map((name) => `examples/src/tutorial/${name}`);
  const shown = texts.flatMap(blocksOf).map(({ info }) => info.replace('file=', ''));
  const run = texts.flatMap(commandsOf).map(({ line }) => line.split(' ')[1] ?? '');
  const sources = run.map((path) => path.replace('/dist/', '/src/').replace(/\.js$/, '.ts'));
  expect(programs.filter((path) => !shown.includes(path))).toEqual([]);
  expect(programs.filter((path) => !sources.includes(path))).toEqual([]);
});
