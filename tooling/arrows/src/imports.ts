import { parseSync, Visitor } from 'oxc-parser';

/** One place where a file names another module. */
export interface Import {
  /** What stands between the quotes; `undefined` where it is computed. */
  readonly specifier: string | undefined;
  /** The line, from 1. */
  readonly line: number;
}

/** Every import of a TypeScript file: static, type-only, re-export, `import()`, `import('…').Type`. */
export function importsOf(file: string, text: string): Import[] {
  const parsed = parseSync(file, text);
  const problem = parsed.errors[0];
  if (problem) throw new Error(`${file}: ${problem.message}`);

  const found: Import[] = [];
  const add = (node: { start: number; value?: unknown } | null) => {
    if (!node) return;
    const specifier = typeof node.value === 'string' ? node.value : undefined;
    found.push({ specifier, line: text.slice(0, node.start).split('\n').length });
  };
  new Visitor({
    ImportDeclaration: (node) => add(node.source),
    ExportAllDeclaration: (node) => add(node.source),
    ExportNamedDeclaration: (node) => add(node.source),
    ImportExpression: (node) => add(node.source),
    TSImportType: (node) => add(node.source),
    TSExternalModuleReference: (node) => add(node.expression),
  }).visit(parsed.program);
  return found;
}
