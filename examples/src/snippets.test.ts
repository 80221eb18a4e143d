// The code in READMEs and guides is what readers copy: it must compile, with the strictest of the usual settings.
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
/** From here all packages are found, as built. */
const folder = join(root, 'examples/dist/.snippets');

const settings = {
  compilerOptions: {
    ...{ target: 'es2023', lib: ['es2023', 'esnext.disposable'], module: 'nodenext' },
    ...{ strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true },
    ...{ noEmit: true, skipLibCheck: true, types: ['node'] },
  },
  include: ['*.ts'],
};

const documents = [
  'README.md',
  ...['docs', 'docs/tasks'].flatMap((path) =>
    readdirSync(join(root, path))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${path}/${name}`),
  ),
  ...readdirSync(join(root, 'packages')).map((name) => `packages/${name}/README.md`),
];

/** The blocks of TypeScript in a document. */
function blocksOf(document: string): readonly string[] {
  const text = readFileSync(join(root, document), 'utf8');
  return Array.from(text.matchAll(/^```ts\n(.*?)^```/gms), ([, block = '']) => block);
}

test('the code in READMEs and guides compiles', { timeout: 60_000 }, async () => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings));
  const names = documents.flatMap((document) =>
    blocksOf(document).map((block, index) => {
      const name = `${document.replaceAll('/', '-')}-${index + 1}.ts`;
      writeFileSync(join(folder, name), `${block}\nexport {};\n`);
      return name;
    }),
  );
  expect(names.length).toBeGreaterThan(20);
  const compiler = join(root, 'node_modules/.bin/tsc');
  const complaints = await run(compiler, ['-p', folder, '--pretty', 'false'], { cwd: folder }).then(
    () => '',
    ({ stdout }: { stdout: string }) => stdout,
  );
  expect(complaints).toBe('');
});
