// Compares the public surface of each package, read from its built declarations, with the report of
// it under `api/`, and refuses what has no docstring. With `--update` it writes the reports.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import process from 'node:process';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { publicPackages, root } from './lib/workspace.mjs';

const update = process.argv.includes('--update');
const reports = join(root, 'api');
const temporary = mkdtempSync(join(tmpdir(), 'api-'));
mkdirSync(reports, { recursive: true });

try {
  const problems = publicPackages().flatMap(examine);
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

function examine(folder) {
  const name = `${basename(folder)}.api.md`;
  const entry = join(root, folder, 'dist', 'index.d.ts');
  if (isStub(entry)) return [];
  const messages = [];
  const { apiReportChanged } = Extractor.invoke(configure(folder, entry, name), {
    localBuild: update,
    messageCallback: (message) => {
      if (message.logLevel === ExtractorLogLevel.Error) messages.push(message.text);
      message.handled = true;
    },
  });
  const problems = messages.map((text) => `${folder}: ${text}`);
  if (apiReportChanged && !update) {
    problems.push(`${folder}: api/${name} is not what the package exports; run \`npm run api\``);
  }
  return [...problems, ...undocumented(folder, join(temporary, name))];
}

/** A package that exports nothing yet has no surface to report. */
function isStub(entry) {
  return !existsSync(entry) || /^export \{\};\s*(\/\/.*\s*)?$/.test(readFileSync(entry, 'utf8'));
}

/** The declarations that the report marks, each with the class or interface that it stands in. */
function undocumented(folder, report) {
  const found = [];
  let owner = '';
  let marked = false;
  for (const line of readFileSync(report, 'utf8').split('\n')) {
    owner = /^export .*?(?:class|interface) (\w+)/.exec(line)?.[1] ?? owner;
    if (marked && !explainsItself(line))
      found.push(`${folder}: no docstring: ${indented(line) ? owner : ''} ${line.trim()}`);
    marked = /^\s*\/\/.*\(undocumented\)/.test(line);
  }
  return found;
}

/** Index signatures and members under a well-known symbol, such as `[Symbol.asyncDispose]`. */
function explainsItself(line) {
  return /^\s+(?:(?:readonly|static) )*\[/.test(line);
}

function indented(line) {
  return line.startsWith(' ');
}

function configure(folder, entry, reportFileName) {
  return ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, folder, 'package.json'),
    configObject: {
      projectFolder: join(root, folder),
      mainEntryPointFilePath: entry,
      newlineKind: 'lf',
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: 'es2023',
            lib: ['es2023', 'esnext.disposable'],
            module: 'nodenext',
            types: ['node'],
            strict: true,
            skipLibCheck: true,
          },
          files: [entry],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName,
        reportFolder: reports,
        reportTempFolder: temporary,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      messages: {
        extractorMessageReporting: {
          default: { logLevel: 'none' },
          'ae-forgotten-export': { logLevel: 'error' },
          'ae-undocumented': { logLevel: 'none', addToApiReportFile: true },
        },
        tsdocMessageReporting: { default: { logLevel: 'none' } },
        compilerMessageReporting: { default: { logLevel: 'error' } },
      },
    },
  });
}
