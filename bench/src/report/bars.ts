import type { CaseOutcome, Entrant, Outcome } from '../run/run-case.ts';
import { COLUMNS, type Column } from './columns.ts';
import { type Spread, spreadOf } from './statistics.ts';
import { element, label, picture, rounded, segment, short } from './svg.ts';

const WIDTH = 960;
const TOP = 44;
const NAMES = 290;
const PANEL = 330;
const ROW = 18;
const BAR = 12;
/** Room for the figure behind the longest bar. */
const FIGURE = 60;

/** A chart of peers: for each case the first two columns of its table, as bars with their spread. */
export function barChart(title: string, cases: readonly CaseOutcome[]): string {
  const content: string[] = [];
  let y = TOP;
  for (const outcome of cases) {
    const block = caseBlock(outcome, y);
    content.push(...block.content);
    y = block.bottom;
  }
  const names = cases.map((each) => each.case.name).join(', ');
  const description = `Bars for each library in the cases ${names}; the thin line goes from the least to the most of the rounds. The tables of the page have the figures.`;
  return picture({ width: WIDTH, height: y, title, description }, content);
}

function caseBlock(
  { case: { name, load }, outcomes }: CaseOutcome,
  top: number,
): { readonly content: readonly string[]; readonly bottom: number } {
  const columns = COLUMNS[load.kind].slice(0, 2);
  const rows = [...outcomes];
  const content = [label(16, top + 14, name, { class: 'heading' })];
  rows.forEach(([{ title }], index) => {
    const y = top + 24 + index * ROW + BAR;
    content.push(label(NAMES - 8, y - 1, title, { 'text-anchor': 'end' }));
  });
  columns.forEach((column, index) => {
    content.push(...panel(column, rows, NAMES + index * PANEL, top));
  });
  return { content, bottom: top + 24 + rows.length * ROW + 20 };
}

function panel(
  column: Column,
  rows: readonly (readonly [Entrant, Outcome])[],
  left: number,
  top: number,
): readonly string[] {
  const spreads = rows.map(([, outcome]) =>
    outcome.kind === 'measured' ? spreadOf(outcome.results.map(column.of)) : undefined,
  );
  const most = Math.max(...spreads.map((spread) => spread?.most ?? 0));
  const width = (value: number): number => (Math.max(0, value) / most) * (PANEL - FIGURE - 20);
  const heading = `${column.title} (${column.better} is better)`;
  const content = [label(left, top + 14, heading, { class: 'small' })];
  const bottom = top + 24 + rows.length * ROW;
  content.push(segment([left, top + 22], [left, bottom], 'axis'));
  rows.forEach(([{ title }], index) => {
    const y = top + 24 + index * ROW;
    content.push(...bar(title, spreads[index], left, y, width));
  });
  return content;
}

function bar(
  title: string,
  spread: Spread | undefined,
  left: number,
  y: number,
  width: (value: number) => number,
): readonly string[] {
  if (!spread || !Number.isFinite(spread.median)) return [label(left + 6, y + BAR - 1, '–')];
  const { median, least, most } = spread;
  const kind = title.startsWith('leveret') ? 'ours' : 'bar';
  const box = { x: left, y: rounded(y), width: rounded(width(median)), height: BAR };
  const middle = y + BAR / 2;
  return [
    element('rect', { class: kind, ...box }),
    segment([left + width(least), middle], [left + width(most), middle], 'range'),
    label(left + width(most) + 6, y + BAR - 1, short(median)),
  ];
}
