// Where things are: the root of the repository, its workspaces and their manifests.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export function readJson(...path) {
  return JSON.parse(readFileSync(join(...path), 'utf8'));
}

/** Folders of the workspaces, relative to the root and sorted, the root itself first. */
export function workspaces() {
  const text = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8');
  const [, block] = /^packages:\n((?: +- .+\n)+)/m.exec(text);
  const patterns = [...block.matchAll(/- (\S+)/g)].map(([, pattern]) => pattern);
  const folders = patterns.flatMap((pattern) => {
    if (!pattern.endsWith('/*')) return [pattern];
    const parent = pattern.slice(0, -2);
    return readdirSync(join(root, parent)).map((name) => `${parent}/${name}`);
  });
  return ['.', ...folders.filter(hasManifest).sort()];
}

/** Folders of the packages that are published. */
export function publicPackages() {
  return workspaces().filter((folder) => !readJson(root, folder, 'package.json').private);
}

function hasManifest(folder) {
  return existsSync(join(root, folder, 'package.json'));
}
