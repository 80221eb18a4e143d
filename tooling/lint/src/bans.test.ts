import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

// The code of these tests is judged in a folder of its own, under the very configuration of the repository.
const root = fileURLToPath(new URL('../../..', import.meta.url));
const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
const timer = 'Timers come in through the door';
const clock = 'Time and chance come in through the door';
const json = 'Values become bytes in a codec only';
const slice = 'slice() of a Buffer shares its memory';
const lines = (count: number) => 'step();\n'.repeat(count);

interface Planted {
  readonly file: string;
  readonly code: string;
  /** What the linter answers; `undefined` where it has nothing to say. */
  readonly answer: string | undefined;
}

const core = 'packages/core/src';
const planted: readonly Planted[] = [
  at(`${core}/driver`, 'console.log(1);', 'A library does not print'),
  at(`${core}/internal`, 'console.log(1);', 'A library does not print'),
  at(`${core}/driver`, 'setTimeout(() => {}, 1);', timer),
  at(`${core}/driver`, 'setInterval(() => {}, 1);', timer),
  at(`${core}/driver`, 'setImmediate(() => {});', timer),
  at(`${core}/driver`, "import { setTimeout } from 'node:timers/promises';", timer),
  at('packages/rpc/src', 'export const a = Date.now();', clock),
  at('packages/rpc/src', 'export const a = Date.now;', clock),
  at('packages/rpc/src', 'export const a = new Date();', clock),
  at('packages/rpc/src', 'export const a = performance.now();', clock),
  at('packages/rpc/src', 'export const a = Math.random();', clock),
  at('packages/rpc/src', 'export const a = JSON.stringify({});', json),
  at('packages/rpc/src', "export const a = JSON.parse('1');", json),
  at('packages/rpc/src', 'export const a = message.body.slice(1);', slice),
  at('packages/rpc/src', "export const a = Buffer.from('a').slice(1);", slice),
  at('packages/rpc/src', 'export const a: any = 1;', 'Unexpected any'),
  at('packages/rpc/src', 'export const a = b!.c;', 'Forbidden non-null assertion'),
  at('packages/rpc/src', `export function a() {\n${lines(61)}}`, 'too many lines (61)'),
  at('packages/rpc/src', lines(401), 'This file has'),
  at(`${core}/internal`, 'setTimeout(() => Date.now() + Math.random(), 1);', undefined),
  at(`${core}/errors`, 'export const a = JSON.stringify({});', undefined),
  at('packages/codec-json/src', 'export const a = JSON.stringify({});', undefined),
  at('packages/rpc/src', "export const a = 'text'.slice(1);", undefined),
  at('packages/rpc/src', 'export const a = new Date(5);', undefined),
  at('packages/rpc/src', 'clock.setTimeout(() => clock.now());', undefined),
  at('tooling/testkit/src', 'setTimeout(() => console.log(Date.now()), 1);', undefined),
  {
    ...at('packages/rpc/src', 'setTimeout(() => JSON.parse(Date.now()), 1);', undefined),
    file: 'packages/rpc/src/a.test.ts',
  },
];

function at(folder: string, code: string, answer: string | undefined): Planted {
  return { file: `${folder}/planted.ts`, code, answer };
}

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bans-'));
  cpSync(join(root, 'biome.json'), join(folder, 'biome.json'));
  cpSync(join(root, '.gitignore'), join(folder, '.gitignore'));
  cpSync(join(root, 'tooling/lint/bans'), join(folder, 'tooling/lint/bans'), { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function lint({ file, code }: Planted): string {
  const path = join(folder, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${code}\n`);
  try {
    const args = ['lint', '--colors=off', '--skip=correctness', file];
    const done = spawnSync(process.execPath, [biome, ...args], { cwd: folder, encoding: 'utf8' });
    return done.status === 0 ? '' : done.stdout + done.stderr;
  } finally {
    rmSync(path);
  }
}

for (const one of planted) {
  const { file, code, answer } = one;
  const short = code.split('\n')[0];
  test(`${file} with \`${short}\` is ${answer ? 'refused' : 'accepted'}`, () => {
    if (answer) expect(lint(one)).toContain(answer);
    else expect(lint(one)).toBe('');
  });
}
