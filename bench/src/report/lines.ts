import { element, label, picture, rounded, segment, short } from './svg.ts';

/** A figure that depends on another one. */
interface Line {
  readonly title: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** A panel of a chart: lines over one pair of axes, both logarithmic. */
export interface Panel {
  readonly title: string;
  readonly xTitle: string;
  readonly lines: readonly Line[];
}

const WIDTH = 960;
const PANEL_WIDTH = 400;
const PANEL_HEIGHT = 220;
const LEFT = 64;
const GAP = 480;
const TOP = 84;
const STEP = PANEL_HEIGHT + 84;
const COLORS = 4;

/** A chart of panels, two in a row. */
export function lineChart(title: string, panels: readonly Panel[]): string {
  const names = [...new Set(panels.flatMap(({ lines }) => lines.map((line) => line.title)))];
  const content = names.flatMap((name, index) => legend(name, index));
  panels.forEach((each, index) => {
    const left = LEFT + (index % 2) * GAP;
    const top = TOP + Math.floor(index / 2) * STEP;
    content.push(...panel(each, names, left, top));
  });
  const height = TOP + Math.ceil(panels.length / 2) * STEP - 20;
  const description = `Lines on logarithmic axes: ${panels.map((each) => `${each.title} against ${each.xTitle}`).join('; ')}; for ${names.join(', ')}. The tables of the page have the figures.`;
  return picture({ width: WIDTH, height, title, description }, content);
}

function legend(name: string, index: number): readonly string[] {
  const x = 16 + index * 230;
  const line = segment([x, 46], [x + 24, 46], `line c${index % COLORS}`);
  return [line, label(x + 30, 50, name)];
}

function panel(
  { title, xTitle, lines }: Panel,
  names: readonly string[],
  left: number,
  top: number,
): readonly string[] {
  const points = lines.flatMap((line) => line.points);
  const [bottom, right] = [top + PANEL_HEIGHT, left + PANEL_WIDTH];
  const x = axis(
    points.map(([value]) => value),
    left,
    right,
  );
  const y = axis(
    points.map(([, value]) => value),
    bottom,
    top,
  );
  const content = [
    label(left, top - 10, title, { class: 'heading' }),
    label(right, bottom + 34, xTitle, { class: 'small', 'text-anchor': 'end' }),
  ];
  for (const tick of x.ticks) {
    content.push(segment([x.at(tick), top], [x.at(tick), bottom], 'axis'));
    const middle = { class: 'small', 'text-anchor': 'middle' };
    content.push(label(x.at(tick), bottom + 16, short(tick), middle));
  }
  for (const tick of y.ticks) {
    content.push(segment([left, y.at(tick)], [right, y.at(tick)], 'axis'));
    const end = { class: 'small', 'text-anchor': 'end' };
    content.push(label(left - 6, y.at(tick) + 4, short(tick), end));
  }
  for (const line of lines) {
    const kind = `line c${names.indexOf(line.title) % COLORS}`;
    const path = line.points.map(([px, py]) => `${rounded(x.at(px))},${rounded(y.at(py))}`);
    content.push(element('polyline', { class: kind, points: path.join(' ') }));
    for (const [px, py] of line.points) {
      const dot = { cx: rounded(x.at(px)), cy: rounded(y.at(py)), r: 2.5, class: kind };
      content.push(element('circle', dot));
    }
  }
  return content;
}

/** A logarithmic axis over whole powers of ten. */
function axis(
  values: readonly number[],
  from: number,
  to: number,
): { readonly ticks: readonly number[]; at(value: number): number } {
  const known = values.filter((value) => value > 0);
  const low = Math.floor(Math.log10(Math.min(...known)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...known))));
  return {
    ticks: Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index)),
    at: (value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from),
  };
}
