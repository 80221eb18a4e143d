// Packs packages the way pnpm publishes them.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { toolEnv } from './env.mjs';
import { pnpm } from './install.mjs';

/** Packs the package in `folder` into a new folder inside `target`; answers the path of the tarball. */
export function pack(folder, target) {
  const destination = mkdtempSync(join(target, 'packed-'));
  const options = { cwd: folder, env: toolEnv(), encoding: 'utf8' };
  const args = [pnpm, 'pack', '--pack-destination', destination];
  const done = spawnSync(process.execPath, args, options);
  if (done.status !== 0) throw new Error(`pnpm pack in ${folder}:\n${done.stdout}${done.stderr}`);
  const [tarball] = readdirSync(destination);
  return join(destination, tarball);
}
