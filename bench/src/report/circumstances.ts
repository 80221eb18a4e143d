import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Peer } from '../peers/peer.ts';
import { PYTHON } from '../run/start-run.ts';

/** What was built when this was loaded, at the start: what is changed while it runs is not measured. */
const MEASURED = commit();

/** What figures depend on: a table in Markdown. It names no host and no folder. */
export function circumstances(broker: string | undefined, peers: readonly Peer[]): string {
  const [cpu] = cpus();
  const memory = `${Math.round(totalmem() / 1024 ** 3)} GiB`;
  const rows = [
    ['machine', `${cpu?.model.trim()}, ${cpus().length} cores, ${memory}, ${type()} ${release()}`],
    [
      'broker',
      broker &&
        `${broker}, ${process.env['AMQP_URL'] ? 'at AMQP_URL' : 'a private node on the same machine'}`,
    ],
    ['Node', process.version],
    ['libraries', versionsOf(peers)],
    ['Leveret', MEASURED],
    ['measured', new Date().toISOString().slice(0, 10)],
    ['command', `\`${command()}\``],
  ];
  const known = rows.filter(([, text]) => text);
  return ['| | |', '| --- | --- |', ...known.map(([name, text]) => `| ${name} | ${text} |`)].join(
    '\n',
  );
}

/** As it was typed. */
function command(): string {
  return ['npm run bench --', ...process.argv.slice(2)].join(' ');
}

function versionsOf(peers: readonly Peer[]): string {
  const versions = new Map<string, string>();
  for (const peer of peers)
    for (const name of peer.packages)
      versions.set(name, peer.runs === 'node' ? nodeVersion(name) : pythonVersion(name));
  return [...versions].map(([name, version]) => `${name} ${version}`).join(', ');
}

/** The version of one of the packages of this workspace. */
export function nodeVersion(name: string): string {
  const file = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8'));
  return String(version);
}

function pythonVersion(name: string): string {
  const program = `import importlib.metadata as m, platform as p; print(m.version("${name}") + " on Python " + p.python_version())`;
  return execFileSync(PYTHON, ['-c', program], { encoding: 'utf8' }).trim();
}

/** The commit that is measured, and whether something was changed since. */
function commit(): string {
  const cwd = fileURLToPath(new URL('../../..', import.meta.url));
  const git = (...args: readonly string[]): string =>
    execFileSync('git', args, {
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    const changed =
      git('status', '--porcelain', '--', 'packages', 'bench') === '' ? '' : ', with changes';
    return `commit ${git('rev-parse', '--short', 'HEAD')}${changed}`;
  } catch {
    return ''; // a copy without its history
  }
}
