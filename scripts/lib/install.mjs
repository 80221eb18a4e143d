// Brings the pinned pnpm and lays down node_modules, where either is missing or out of date.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { pinned, toolEnv } from './env.mjs';
import { exclusively } from './lock.mjs';
import { readJson, root, workspaces } from './workspace.mjs';

/** The entry script of the pinned pnpm. */
export const pnpm = join(pinned.home, 'node_modules', 'pnpm', 'bin', 'pnpm.cjs');

const stamp = join(root, 'node_modules', '.dev-stamp');

/** Makes the work tree ready for the tools; does nothing, quickly, where it is. */
export async function prepare() {
  if (isReady()) return;
  await exclusively('install', () => {
    if (isReady()) return; // another run did it while this one waited
    bringPnpm();
    installPackages();
  });
}

function isReady() {
  return (
    existsSync(pnpm) &&
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === fingerprint() &&
    missingLinks().length === 0
  );
}

/** Everything that decides what an install would lay down. */
function fingerprint() {
  const hash = createHash('sha256');
  const manifests = workspaces().map((folder) => join(folder, 'package.json'));
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', ...manifests]) {
    hash.update(`${file}\0${readFileSync(join(root, file), 'utf8')}\0`);
  }
  return `${hash.digest('hex')} ${process.platform} ${process.arch}\n`;
}

/** Dependencies that a manifest names and that are not linked, as after somebody wiped a node_modules. */
function missingLinks() {
  return workspaces().flatMap((folder) => {
    const { dependencies, devDependencies } = readJson(root, folder, 'package.json');
    return Object.keys({ ...dependencies, ...devDependencies })
      .map((name) => join(root, folder, 'node_modules', name))
      .filter((link) => !existsSync(link));
  });
}

function installPackages() {
  rmSync(stamp, { force: true });
  // pnpm believes this file when it says that everything is in place.
  rmSync(join(root, 'node_modules', '.pnpm-workspace-state-v1.json'), { force: true });
  run(process.execPath, [
    pnpm,
    'install',
    '--frozen-lockfile',
    '--config.confirmModulesPurge=false',
    '--reporter=append-only',
  ]);
  writeFileSync(stamp, fingerprint());
}

function bringPnpm() {
  if (existsSync(pnpm)) return;
  console.log(`dev: fetching pnpm ${pinned.version} into .tooling (nothing is installed globally)`);
  const folder = `${pinned.home}.${process.pid}`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true}\n');
  try {
    npm(folder, ['pack', `pnpm@${pinned.version}`, '--loglevel=error']);
    const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
    refuseOtherBytes(join(folder, tarball));
    npm(folder, [
      'install',
      `./${tarball}`,
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--no-package-lock',
      '--loglevel=error',
    ]);
    rmSync(pinned.home, { recursive: true, force: true });
    renameSync(folder, pinned.home);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function refuseOtherBytes(tarball) {
  const got = createHash('sha512').update(readFileSync(tarball)).digest('hex');
  if (got === pinned.sha512) return;
  throw new Error(`pnpm ${pinned.version} has sha512 ${got}, package.json pins ${pinned.sha512}`);
}

/** Runs the npm that comes with Node. */
export function npm(cwd, args) {
  const cli = process.env.npm_execpath;
  const options = { cwd, stdio: ['ignore', 'ignore', 'inherit'] };
  if (cli && /npm-cli\.[cm]?js$/.test(cli)) run(process.execPath, [cli, ...args], options);
  else run('npm', args, { ...options, shell: process.platform === 'win32' });
}

function run(command, args, options) {
  const done = spawnSync(command, args, {
    cwd: root,
    env: toolEnv(),
    stdio: ['ignore', 'inherit', 'inherit'],
    ...options,
  });
  if (done.error) throw done.error;
  if (done.status !== 0) throw new Error(`${command} ${args[0]} ended with code ${done.status}`);
}
