import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { importsOf } from './imports.ts';
import { objection, type Workspace } from './objection.ts';

/** What a check of the whole repository found. */
export interface Findings {
  /** How many files were read; a check over none proves nothing. */
  readonly modules: number;
  /** How many imports were judged. */
  readonly imports: number;
  /** One line for each import that goes against the arrows. */
  readonly objections: readonly string[];
}

/** Judges every import of every workspace of the repository in `root`. */
export function check(root: string): Findings {
  const objections: string[] = [];
  let modules = 0;
  let imports = 0;
  for (const workspace of workspacesOf(root)) {
    for (const file of sourcesOf(root, workspace)) {
      modules++;
      for (const { specifier, line } of importsOf(file, readFileSync(join(root, file), 'utf8'))) {
        imports++;
        const found = objection(workspace, file, specifier);
        if (found) objections.push(`${file}:${line} '${specifier ?? '(computed)'}' ${found}`);
      }
    }
  }
  return { modules, imports, objections };
}

function workspacesOf(root: string): Workspace[] {
  const nested = ['packages', 'tooling'].flatMap((parent) =>
    readdirSync(join(root, parent)).map((name) => `${parent}/${name}`),
  );
  return [...nested, 'examples', 'bench'].flatMap((folder) => {
    const file = join(root, folder, 'package.json');
    if (!existsSync(file)) return [];
    const manifest: Manifest = JSON.parse(readFileSync(file, 'utf8'));
    return {
      folder,
      name: manifest.name,
      dependencies: Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }),
      devDependencies: Object.keys({ ...manifest.devDependencies }),
    };
  });
}

interface Manifest {
  readonly name: string;
  readonly dependencies?: object;
  readonly peerDependencies?: object;
  readonly devDependencies?: object;
}

function sourcesOf(root: string, { folder }: Workspace): string[] {
  const source = join(root, folder, 'src');
  if (!existsSync(source)) return [];
  return readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `${folder}/src/${file.split(sep).join('/')}`);
}
