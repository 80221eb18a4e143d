import type { CaseOutcome, Entrant, Outcome } from '../run/run-case.ts';
import { COLUMNS, type Column } from './columns.ts';
import { cell, spreadOf } from './statistics.ts';

/** A table of one case in Markdown, with the reasons of those that are left out below it. */
export function caseTable({ case: { name, title, load }, outcomes }: CaseOutcome): string {
  const columns = COLUMNS[load.kind];
  const rows = [...outcomes].map(([entrant, outcome]) => row(entrant, outcome, columns));
  const reasons = [...outcomes].flatMap(([entrant, outcome]) => reasonOf(entrant, outcome));
  const lines = [
    `### ${name}`,
    '',
    `An operation is ${title}.`,
    '',
    `| | ${columns.map((column) => column.title).join(' | ')} |`,
    `| --- | ${columns.map(() => '---:').join(' | ')} |`,
    ...rows,
  ];
  if (reasons.length > 0) lines.push('', `–: ${reasons.join('; ')}.`);
  return lines.join('\n');
}

function row({ title }: Entrant, outcome: Outcome, columns: readonly Column[]): string {
  const cells = columns.map(({ of, digits }) =>
    outcome.kind === 'measured' ? cell(spreadOf(outcome.results.map(of)), digits) : '–',
  );
  return `| ${title} | ${cells.join(' | ')} |`;
}

function reasonOf({ title }: Entrant, outcome: Outcome): readonly string[] {
  switch (outcome.kind) {
    case 'measured':
      return [];
    case 'left out':
      return [`${title}, ${outcome.why}`];
    case 'failed':
      return [`${title} failed, ${outcome.why.replaceAll('|', '\\|')}`];
  }
}
