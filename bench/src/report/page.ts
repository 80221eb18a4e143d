import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Out } from '../arguments.ts';

/** A page of results. */
export interface Page {
  /** Name of the files, without what they end in. */
  readonly name: string;
  readonly title: string;
  /** Paragraphs and tables, in Markdown. */
  readonly parts: readonly string[];
  readonly chart?: string;
}

/** Prints a page, and writes it and its chart. */
export async function publishPage(page: Page, out: Out): Promise<void> {
  const { title, parts, chart } = page;
  const name = page.name + out.ending;
  const image = chart ? [`![${title}](${name}.svg)`] : [];
  const [first = '', ...rest] = parts;
  const text = `${[`# ${title}`, first, ...image, ...rest].join('\n\n')}\n`;
  console.log(text);
  const folder = folderOf(out.folder);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${name}.md`), text);
  if (chart) await writeFile(join(folder, `${name}.svg`), chart);
}

/** Relative to the repository, wherever this was started. */
function folderOf(out: string): string {
  return fileURLToPath(new URL(out, new URL('../../../', import.meta.url)));
}
