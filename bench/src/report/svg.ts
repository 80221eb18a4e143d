// The little of SVG that charts need. Colours follow the reader's scheme, light or dark.

type Attributes = Readonly<Record<string, string | number>>;

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328; }
  .title { font-size: 15px; font-weight: 600; }
  .heading { font-weight: 600; }
  .small { font-size: 11px; fill: #59636e; }
  .paper { fill: #ffffff; }
  .axis { stroke: #d1d9e0; fill: none; }
  .range { stroke: #1f2328; stroke-width: 1.5; fill: none; }
  .bar { fill: #9fb3c8; }
  .ours { fill: #2f7d5b; }
  .line { fill: none; stroke-width: 2; }
  .c0 { stroke: #2f7d5b; } .c1 { stroke: #b35900; } .c2 { stroke: #3b6fb6; } .c3 { stroke: #8b4fa8; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .small { fill: #9198a1; }
    .paper { fill: #0d1117; }
    .axis { stroke: #3d444d; }
    .range { stroke: #e6edf3; }
    .bar { fill: #4d6480; }
    .ours { fill: #4fb286; }
    .c0 { stroke: #4fb286; } .c1 { stroke: #e09b4f; } .c2 { stroke: #79a8e8; } .c3 { stroke: #c79be0; }
  }
`;

/** An element with what it holds. */
export function element(
  name: string,
  attributes: Attributes,
  children: readonly string[] = [],
): string {
  const pairs = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(value)}"`);
  return `<${name}${pairs.join('')}>${children.join('')}</${name}>`;
}

/** A line of text. */
export function label(x: number, y: number, text: string, attributes: Attributes = {}): string {
  return element('text', { x: rounded(x), y: rounded(y), ...attributes }, [escaped(text)]);
}

/** A straight line. */
export function segment(
  [x1, y1]: readonly [number, number],
  [x2, y2]: readonly [number, number],
  kind: string,
): string {
  const ends = { x1: rounded(x1), y1: rounded(y1), x2: rounded(x2), y2: rounded(y2) };
  return element('line', { ...ends, class: kind });
}

/** A whole picture. */
export function picture(
  { width, height, title, description }: Picture,
  content: readonly string[],
): string {
  const root = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: 'img',
    'aria-labelledby': 'title description',
  };
  const parts = [
    element('title', { id: 'title' }, [escaped(title)]),
    element('desc', { id: 'description' }, [escaped(description)]),
    `<style>${STYLE}</style>`,
    element('rect', { class: 'paper', width, height }),
    label(16, 26, title, { class: 'title' }),
    ...content,
  ];
  return `${element('svg', root, ['\n', parts.join('\n'), '\n'])}\n`;
}

/** Size of a picture, and what it is for those who cannot see it. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  readonly description: string;
}

/** One digit behind the point is enough of a pixel. */
export function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

/** A figure as short as can be: `12.5k`. */
export function short(value: number): string {
  if (value >= 999_500) return `${significant(value / 1e6)}M`;
  if (value >= 9_995) return `${significant(value / 1e3)}k`;
  return significant(value);
}

function significant(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return String(Number(value.toPrecision(3)));
}

function escaped(value: string | number): string {
  return String(value)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
