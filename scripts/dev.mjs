// One entry for `npm start` and `npm test`: it brings its own pnpm (the version
// and hash that `packageManager` pins), installs from the frozen lockfile when
// something changed, then runs the asked steps. Plain Node, no dependency.
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
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const [, version, sha512] = /^pnpm@([^+]+)(?:\+sha512\.([0-9a-f]{128}))?$/.exec(
  manifest.packageManager,
);
const home = join(root, '.tooling', `pnpm-${version}`);
const pnpm = join(home, 'node_modules', 'pnpm', 'bin', 'pnpm.cjs');

/** What npm leaves in the environment would reach pnpm and turbo as settings. */
function cleanEnv() {
  const env = {};
  for (const [key, value] of Object.entries(process.env)) {
    const drop =
      /^npm_(lifecycle|package|command|execpath|node_execpath)/i.test(key) ||
      /^npm_config_(user_agent|local_prefix|global_prefix|prefix|init_module|node_gyp|npm_version|cache)$/i.test(
        key,
      );
    if (!drop) env[key] = value;
  }
  env.PATH = [
    join(home, 'node_modules', '.bin'),
    join(root, 'node_modules', '.bin'),
    env.PATH,
  ].join(delimiter);
  env.TURBO_TELEMETRY_DISABLED = '1';
  env.DO_NOT_TRACK = '1';
  return env;
}

function run(command, args, options = {}) {
  const done = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: cleanEnv(),
    ...options,
  });
  if (done.error) throw done.error;
  if (done.status !== 0) process.exit(done.status ?? 1);
}

function npm(args) {
  const cli = process.env.npm_execpath;
  if (cli && /npm-cli\.[cm]?js$/.test(cli))
    run(process.execPath, [cli, ...args], { env: process.env });
  else run('npm', args, { env: process.env, shell: process.platform === 'win32' });
}

function bringPnpm() {
  if (existsSync(pnpm)) return;
  console.log(`dev: fetching pnpm ${version} (kept in .tooling, nothing is installed globally)`);
  const temporary = `${home}.${process.pid}`;
  mkdirSync(temporary, { recursive: true });
  writeFileSync(join(temporary, 'package.json'), '{"private":true}\n');
  npm([
    'install',
    `pnpm@${version}`,
    '--prefix',
    temporary,
    '--save-exact',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    '--workspaces=false',
  ]);
  const lock = JSON.parse(readFileSync(join(temporary, 'package-lock.json'), 'utf8'));
  const [algorithm, digest] = lock.packages['node_modules/pnpm'].integrity.split(/-(.*)/s);
  const got = Buffer.from(digest, 'base64').toString('hex');
  if (sha512 && (algorithm !== 'sha512' || got !== sha512)) {
    rmSync(temporary, { recursive: true, force: true });
    throw new Error(`pnpm ${version} has sha512 ${got}, package.json pins ${sha512}`);
  }
  if (existsSync(pnpm)) {
    rmSync(temporary, { recursive: true, force: true }); // another run was faster
    return;
  }
  rmSync(home, { recursive: true, force: true });
  renameSync(temporary, home);
}

/** Everything that decides what an install would lay down. */
function wanted() {
  const hash = createHash('sha256');
  const files = ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml'];
  for (const folder of ['packages', 'tooling']) {
    for (const name of readdirSync(join(root, folder)).sort()) {
      files.push(join(folder, name, 'package.json'));
    }
  }
  for (const file of files) {
    const path = join(root, file);
    hash.update(`${file}\0${existsSync(path) ? readFileSync(path, 'utf8') : ''}\0`);
  }
  return `${hash.digest('hex')} ${process.platform} ${process.arch}\n`;
}

function install() {
  bringPnpm();
  const stamp = join(root, 'node_modules', '.dev-stamp');
  const want = wanted();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === want) return;
  rmSync(stamp, { force: true });
  run(process.execPath, [
    pnpm,
    'install',
    '--frozen-lockfile',
    '--config.confirmModulesPurge=false',
    '--reporter=append-only',
  ]);
  writeFileSync(stamp, want);
}

/** Runs an installed tool by its script, without a shell or a `pnpm exec` in between. */
function exec(tool, ...args) {
  const folder = join(root, 'node_modules', tool);
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const script = typeof bin === 'string' ? bin : Object.values(bin)[0];
  run(process.execPath, [join(folder, script), ...args]);
}
const turbo = (...args) => exec('turbo', 'run', ...args, '--output-logs=errors-only');

const steps = {
  install: () => {},
  build: () => turbo('build'),
  demo: () => {
    turbo('build');
    run(process.execPath, [join('examples', 'demo', 'dist', 'main.js')]);
  },
  test: () => {
    turbo('build');
    exec('typescript', '-b');
    exec('vitest', 'run', ...process.argv.slice(3));
  },
  version: () => {
    exec('@changesets/cli', 'version');
    run(process.execPath, [pnpm, 'install', '--lockfile-only']);
  },
  release: () => {
    turbo('build', 'pack:check');
    exec('@changesets/cli', 'publish');
  },
  check: () => {
    exec('@biomejs/biome', 'ci', '.');
    exec('turbo', 'boundaries');
    exec('knip');
    turbo('build', 'pack:check');
  },
};

const step = steps[process.argv[2] ?? 'install'];
if (!step) {
  console.error(`usage: node scripts/dev.mjs ${Object.keys(steps).join('|')}`);
  process.exit(2);
}
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Node ${process.versions.node} is too old: 20.19 or newer is needed`);
  process.exit(1);
}
install();
step();
