// The environment that tools run in.
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { readJson, root } from './workspace.mjs';

const [, version, sha512] = /^pnpm@([^+]+)\+sha512\.([0-9a-f]{128})$/.exec(
  readJson(root, 'package.json').packageManager,
);

/** The pnpm that `packageManager` pins: its version, its hash, and the folder that it is kept in. */
export const pinned = { version, sha512, home: join(root, '.tooling', `pnpm-${version}`) };

// What `npm start` leaves in the environment would reach pnpm and turbo as settings.
const fromNpm = [
  /^npm_(lifecycle|package|command|execpath|node_execpath)/i,
  /^npm_config_(user_agent|local_prefix|global_prefix|prefix|init_module|node_gyp|npm_version|cache)$/i,
];

/** The environment of the caller without npm's traces, with our tools first in PATH and telemetry off. */
export function toolEnv() {
  const kept = Object.entries(process.env).filter(([key]) => !fromNpm.some((it) => it.test(key)));
  const tools = [pinned.home, root].map((folder) => join(folder, 'node_modules', '.bin'));
  return {
    ...Object.fromEntries(kept),
    PATH: [...tools, process.env.PATH].join(delimiter),
    TURBO_TELEMETRY_DISABLED: '1',
    DO_NOT_TRACK: '1',
  };
}
