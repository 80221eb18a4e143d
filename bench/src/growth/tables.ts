import { COLUMNS, type Column } from '../report/columns.ts';
import type { Panel } from '../report/lines.ts';
import { cell, spreadOf } from '../report/statistics.ts';
import { short } from '../report/svg.ts';
import type { CaseOutcome, Entrant } from '../run/run-case.ts';
import type { Series } from './series.ts';
import { steepest } from './steepest.ts';

/** A step of a series, measured. */
export interface Measured {
  readonly x: number;
  readonly outcome: CaseOutcome;
}

/** The part of a page about one series. */
export function seriesPart(
  series: Series,
  measured: readonly Measured[],
  entrants: readonly Entrant[],
): string {
  const columns = columnsOf(series);
  return [
    `### ${series.title}`,
    ...columns.map((column) => table(series, column, measured, entrants)),
    steepestTable(columns, measured, entrants),
  ].join('\n\n');
}

/** The first two columns of a series, as panels of a chart. */
export function panelsOf(
  series: Series,
  measured: readonly Measured[],
  entrants: readonly Entrant[],
): readonly Panel[] {
  return columnsOf(series)
    .slice(0, 2)
    .map((column) => ({
      title: `${series.name}: ${column.title}`,
      xTitle: series.xTitle,
      lines: entrants.map((entrant) => ({
        title: entrant.title,
        points: medians(entrant, column, measured),
      })),
    }));
}

function columnsOf({ points, columns }: Series): readonly Column[] {
  const kind = points[0]?.case.load.kind;
  const known = kind ? COLUMNS[kind] : [];
  return columns.flatMap((title) => known.filter((column) => column.title === title));
}

function table(
  { xTitle }: Series,
  { title, digits, of }: Column,
  measured: readonly Measured[],
  entrants: readonly Entrant[],
): string {
  const rows = measured.map(({ x, outcome: { outcomes } }) => {
    const cells = entrants.map((entrant) => {
      const outcome = outcomes.get(entrant);
      if (outcome?.kind === 'measured') return cell(spreadOf(outcome.results.map(of)), digits);
      return outcome?.kind === 'failed' ? `failed: ${outcome.why}` : '–';
    });
    return `| ${x} | ${cells.join(' | ')} |`;
  });
  return [
    `**${title}**`,
    '',
    `| ${xTitle} | ${entrants.map((entrant) => entrant.title).join(' | ')} |`,
    `| ---: | ${entrants.map(() => '---:').join(' | ')} |`,
    ...rows,
  ].join('\n');
}

/** How fast costs grow at worst, so that a cliff is seen without reading all figures. */
function steepestTable(
  columns: readonly Column[],
  measured: readonly Measured[],
  entrants: readonly Entrant[],
): string {
  const rows = columns.map((column) => {
    const cells = entrants.map((entrant) => {
      const costs = medians(entrant, column, measured).map(
        ([x, y]) => [x, column.better === 'more' ? 1 / y : y] as const,
      );
      const found = steepest(costs);
      if (!found) return '–';
      return `x^${found.power.toFixed(2)} (${short(found.from)} → ${short(found.to)})`;
    });
    const what = column.title === 'ops/s' ? 'time per operation' : column.title;
    return `| ${what} | ${cells.join(' | ')} |`;
  });
  return [
    '**Steepest step** (1 is in proportion, more than 1 is worse than that)',
    '',
    `| | ${entrants.map((entrant) => entrant.title).join(' | ')} |`,
    `| --- | ${entrants.map(() => '---:').join(' | ')} |`,
    ...rows,
  ].join('\n');
}

function medians(
  entrant: Entrant,
  { of }: Column,
  measured: readonly Measured[],
): readonly (readonly [number, number])[] {
  return measured.flatMap(({ x, outcome: { outcomes } }) => {
    const outcome = outcomes.get(entrant);
    if (outcome?.kind !== 'measured') return [];
    const { median } = spreadOf(outcome.results.map(of));
    return Number.isFinite(median) ? [[x, median] as const] : [];
  });
}
