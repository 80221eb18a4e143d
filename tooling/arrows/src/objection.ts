import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { folderArrows, furtherEntries, packageArrows, reserved } from './rules.ts';

/** A workspace, as far as imports concern it. */
export interface Workspace {
  /** Its folder from the root of the repository, such as `packages/core`. */
  readonly folder: string;
  /** Its name in package.json. */
  readonly name: string;
  /** What its users get installed with it. */
  readonly dependencies: readonly string[];
  /** What only this repository gets installed with it. */
  readonly devDependencies: readonly string[];
}

/** A file that imports, and the workspace that it belongs to. */
interface Importer {
  readonly workspace: Workspace;
  readonly file: string;
  readonly isTest: boolean;
}

/** What is wrong with an import of `specifier` in `file` of `workspace`; `undefined` where nothing is. */
export function objection(
  workspace: Workspace,
  file: string,
  specifier: string | undefined,
): string | undefined {
  const importer = { workspace, file, isTest: /\.(test|test-d|fixture)\.ts$/.test(file) };
  if (specifier === undefined) {
    return isPublished(workspace) ? 'must be a plain string, so that it can be checked' : undefined;
  }
  if (specifier.startsWith('.')) return objectionToFile(importer, specifier);
  return objectionToModule(importer, specifier);
}

function objectionToFile(importer: Importer, specifier: string): string | undefined {
  const { workspace, file, isTest } = importer;
  const target = posix.join(posix.dirname(file), specifier);
  if (!target.startsWith(`${workspace.folder}/`)) {
    return 'leaves its package: import the other package by its name';
  }
  const reservation = objectionToReserved(importer, target);
  return reservation ?? (isTest ? undefined : objectionToFolder(importer, target));
}

function objectionToFolder({ workspace, file }: Importer, target: string): string | undefined {
  const rows = folderArrows[workspace.folder];
  const from = sourceFolder(workspace, file);
  const to = sourceFolder(workspace, target);
  if (!rows || from === to) return undefined;
  const rowOf = (name: string) => rows.findIndex((row) => row.includes(name));
  const unknown = [from, to].find((name) => rowOf(name) < 0);
  if (unknown) return `meets ${unknown}, which has no place in the rules of ${workspace.folder}`;
  if (rowOf(to) < rowOf(from)) return undefined;
  return `goes against the order of the folders: ${from} must not know ${to}`;
}

function objectionToModule(importer: Importer, specifier: string): string | undefined {
  if (specifier.startsWith('node:')) return undefined;
  const name = packageName(specifier);
  if (builtinModules.includes(name)) return `is a module of Node: write node:${specifier}`;
  if (isOurs(name) && specifier !== name && !furtherEntries.includes(specifier)) {
    return `is a deep import: only ${name} itself is public`;
  }
  return objectionToReserved(importer, name) ?? objectionToPackage(importer, name);
}

function objectionToPackage(importer: Importer, name: string): string | undefined {
  const { workspace, isTest } = importer;
  const { folder, dependencies, devDependencies } = workspace;
  if (isTest && name === workspace.name) return undefined;
  const allowed = packageArrows[folder];
  if (!isTest && isOurs(name) && allowed && !allowed.includes(name)) {
    return `is none of our packages that ${folder} may import`;
  }
  const shipped = isPublished(workspace) && !isTest;
  if (dependencies.includes(name) || (!shipped && devDependencies.includes(name))) return undefined;
  return `is not among the ${shipped ? 'dependencies' : '(dev)dependencies'} of ${folder}`;
}

function objectionToReserved({ file }: Importer, target: string): string | undefined {
  const rule = reserved.find((it) =>
    it.target.endsWith('/') ? target.startsWith(it.target) : target === it.target,
  );
  if (!rule || rule.users.some((user) => file.startsWith(user))) return undefined;
  return `is reserved for ${rule.users.join(', ')}`;
}

function isPublished({ folder }: Workspace): boolean {
  return folder.startsWith('packages/');
}

function isOurs(name: string): boolean {
  return name.startsWith('@leveret/');
}

/** The folder right below `src` that a file is in, or the file's own name where it is in none. */
function sourceFolder({ folder }: Workspace, file: string): string {
  return posix.relative(`${folder}/src`, file).split('/')[0] ?? '';
}

function packageName(specifier: string): string {
  const parts = specifier.split('/');
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}
