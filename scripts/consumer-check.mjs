// Uses the packages as a user would: outside of the workspace, installed from tarballs by plain npm.
// It runs `tooling/consumer/programs` and checks the types of `tooling/consumer/snippets`.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { npm } from './lib/install.mjs';
import { pack } from './lib/pack.mjs';
import { publicPackages, readJson, root } from './lib/workspace.mjs';

const source = join(root, 'tooling/consumer');
const folder = mkdtempSync(join(tmpdir(), 'consumer-'));
try {
  const tarballs = new Map(
    publicPackages().map((path) => [basename(path), pack(join(root, path), folder)]),
  );
  const broker = await startInstalledBroker(tarballs.get('broker'));
  try {
    await runPrograms(
      ['core', 'rpc', 'codec-msgpack'].map((name) => tarballs.get(name)),
      broker.url,
    );
  } finally {
    await broker.close();
  }
  checkSnippets([...tarballs.values()]);
} catch (error) {
  console.error(`consumer-check: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** The broker as its tarball alone gives it. */
async function startInstalledBroker(tarball) {
  const home = install('broker', [tarball]);
  const entry = join(home, 'node_modules/@leveret/broker/dist/index.js');
  const { startBroker } = await import(pathToFileURL(entry).href);
  const help = spawnSync(join(home, 'node_modules/.bin/leveret-broker'), ['--help']);
  if (help.status !== 0) throw new Error(`leveret-broker --help ended with code ${help.status}`);
  return startBroker();
}

/** They run in processes of their own while this one, asynchronously, is the broker. */
async function runPrograms(tarballs, url) {
  const home = install('programs', tarballs);
  for (const program of ['import.mjs', 'require.cjs']) {
    const child = spawn(process.execPath, [join(home, program), url], {
      cwd: home,
      stdio: 'inherit',
    });
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`${program} ended with code ${code}`);
  }
}

function checkSnippets(tarballs) {
  const snippets = readdirSync(join(source, 'snippets')).filter((name) => name.endsWith('.ts'));
  const { devDependencies } = readJson(root, 'package.json');
  const home = install('snippets', [...tarballs, `@types/node@${devDependencies['@types/node']}`]);
  // The bare import of every package checks its declarations even where no snippet uses it.
  const names = publicPackages().map((path) => readJson(root, path, 'package.json').name);
  const imports = names.map((name, index) => `export * as p${index} from '${name}';\n`);
  writeFileSync(join(home, 'every-package.ts'), imports.join(''));
  writeFileSync(
    join(home, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        target: 'es2023',
        // The declarations of @msgpack/msgpack speak of BufferSource, which is in `dom`.
        lib: ['es2023', 'esnext.disposable', 'dom'],
        module: 'nodenext',
        types: ['node'],
        strict: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: false,
        noEmit: true,
      },
      include: ['*.ts'],
    }),
  );
  run(home, [join(root, 'node_modules/typescript/bin/tsc'), '-p', '.']);
  console.log(`types: ${names.length} packages and ${snippets.length} snippets`);
}

function install(name, packages) {
  const home = join(folder, name);
  const from = join(source, name);
  mkdirSync(home);
  if (existsSync(from)) cpSync(from, home, { recursive: true });
  writeFileSync(join(home, 'package.json'), '{"private":true,"type":"module"}\n');
  npm(home, ['install', ...packages, '--ignore-scripts', '--prefer-offline', '--loglevel=error']);
  return home;
}

function run(cwd, args) {
  const done = spawnSync(process.execPath, args, { cwd, stdio: 'inherit' });
  if (done.status !== 0) throw new Error(`${basename(args[0])} ended with code ${done.status}`);
}
