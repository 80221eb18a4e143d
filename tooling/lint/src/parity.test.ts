// docs/parity.md says what stands for each part of aio-pika: nothing of it may be left out.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { hasAioPika } from '@leveret/testkit/vitest';
import { expect, test } from 'vitest';

const document = fileURLToPath(new URL('../../../docs/parity.md', import.meta.url));

/** Prints the public classes, their members and the public functions of the installed library. */
const SURFACE = `
import ast, importlib.util, pathlib, re

def public(name):
    return not name.startswith("_")

def members(node):
    for each in node.body:
        if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield each.name
        elif isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
            yield each.target.id
        elif isinstance(each, ast.Assign):
            yield from (target.id for target in each.targets if isinstance(target, ast.Name))

folder = pathlib.Path(importlib.util.find_spec("aio_pika").submodule_search_locations[0])
names = set()
for file in folder.rglob("*.py"):
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and public(node.name):
            names.add(node.name)
        if isinstance(node, ast.ClassDef) and public(node.name):
            # A row holds for all variants of a class.
            name = re.sub("^(Abstract|Robust)+", "", node.name)
            names.add(name)
            names.update(f"{name}.{each}" for each in members(node) if public(each))
        # Most exceptions are another library's, and named here.
        if file.name == "exceptions.py" and isinstance(node, ast.Assign) and node.targets[0].id == "__all__":
            names.update(ast.literal_eval(node.value))
print("\\n".join(sorted(names)))
`;

/** What stands in code in a text. */
function named(text: string): ReadonlySet<string> {
  return new Set(Array.from(text.matchAll(/`([\w.]+)`/g), ([, name = '']) => name));
}

test.skipIf(!hasAioPika)('every public name of aio-pika has a row', () => {
  const surface = execFileSync('/usr/bin/python3', ['-c', SURFACE], { encoding: 'utf8' });
  const names = surface.trim().split('\n');
  expect(names.length).toBeGreaterThan(200);
  const rows = named(readFileSync(document, 'utf8'));
  expect(names.filter((name) => !rows.has(name))).toEqual([]);
});

test('a name counts where it stands as code, whole', () => {
  const rows = named('| `Queue.get`(`fail`), Queue.bind |\n');
  expect([...rows]).toEqual(['Queue.get', 'fail']);
});
