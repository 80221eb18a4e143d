// One entry for `npm start`, `npm test` and the rest. It needs Node and npm only: it brings its own
// pnpm, installs what is missing, then runs the steps of the asked command.
import process from 'node:process';
import { pnpm, prepare } from './lib/install.mjs';
import { runSteps, script, tool } from './lib/steps.mjs';

const demo = 'examples/dist/demo/main.js';
const bench = 'bench/dist/main.js';
const endurance = 'tooling/endurance/dist/main.js';

// Two runs at once would write the same output files, so these wait for each other.
const build = { name: 'build', argv: turbo('build'), lock: 'build' };
const types = { name: 'types', argv: tool('typescript', '-b'), lock: 'build' };
const checks = [
  { name: 'arrows', argv: script('tooling/arrows/dist/main.js') },
  {
    name: 'lint and format',
    argv: tool('@biomejs/biome', 'ci', '--colors=off', '--error-on-warnings', '.'),
  },
  { name: 'unused code', argv: tool('knip', '--no-progress', '--no-config-hints') },
  { name: 'API reports', argv: turbo('//#api:check'), lock: 'build' },
];
const published = [
  { name: 'packages', argv: turbo('pack:check'), lock: 'build' },
  { name: 'consumer', argv: script('scripts/consumer-check.mjs') },
];
const requireAll = process.env.LEVERET_REQUIRE_ALL === '1';
/** A driver other than the default one: then it is about its tests alone. */
const { LEVERET_DRIVER: driver = '' } = process.env;

const commands = {
  install: () => [],
  build: () => [build],
  demo: (args) => [
    { ...build, quiet: true },
    { argv: script(demo, ...args), live: true },
  ],
  bench: (args) => [
    { ...build, quiet: true },
    { argv: script(bench, ...args), live: true },
  ],
  endurance: (args) => [
    { ...build, quiet: true },
    { argv: script(endurance, ...args), live: true },
  ],
  test: (args) => (driver === '' ? everything(args) : onDriver(args)),
  check: () => [build, types, ...checks, ...published],
  fix: () => [{ argv: tool('@biomejs/biome', 'check', '--write', '.'), live: true }],
  api: () => [build, { argv: script('scripts/api.mjs', '--update'), live: true }],
  version: () => [
    { name: 'versions', argv: tool('@changesets/cli', 'version') },
    { name: 'lockfile', argv: [pnpm, 'install', '--lockfile-only'] },
  ],
  release: () => [
    { ...build, needed: true },
    ...published.map((step) => ({ ...step, needed: true })),
    { argv: tool('@changesets/cli', 'publish'), live: true },
  ],
};

function everything(args) {
  return [
    build,
    types,
    ...checks,
    ...(requireAll ? published : []),
    { name: 'tests', argv: tool('vitest', 'run', ...args), live: true },
  ];
}

function onDriver(args) {
  const argv = tool('vitest', 'run', ...args);
  return [build, { name: `tests on ${driver}`, argv, live: true }];
}

function turbo(task) {
  return tool('turbo', 'run', task, '--output-logs=errors-only');
}

function refuseOldNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(`Node ${process.versions.node} is too old: 20.19 or newer is needed`);
  process.exit(1);
}

const [name = 'install', ...args] = process.argv.slice(2);
if (!Object.hasOwn(commands, name)) {
  console.error(`usage: node scripts/dev.mjs ${Object.keys(commands).join('|')}`);
  process.exit(2);
}
refuseOldNode();
try {
  await prepare();
  process.exitCode = await runSteps(commands[name](args));
} catch (error) {
  console.error(`dev: ${error.message}`);
  process.exitCode = 1;
}
