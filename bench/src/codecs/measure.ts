import type { Wishes } from '../arguments.ts';
import { circumstances, nodeVersion } from '../report/circumstances.ts';
import { publishPage } from '../report/page.ts';
import { short } from '../report/svg.ts';
import { tell } from '../run/tell.ts';
import { type Costs, compareCosts } from './batches.ts';
import { CONTESTS } from './contests.ts';

const BATCHES = 100;

/** What our codecs cost beside the calls that they wrap. */
export async function measureCodecs({ rounds, scale, out }: Wishes): Promise<void> {
  const batches = Math.max(5, Math.round(BATCHES * rounds * scale));
  const rows = CONTESTS.map((contest) => {
    tell(contest.title);
    return row(contest.title, compareCosts(contest, batches));
  });
  const table = [
    '| | bare, ns | ours, ns | ours / bare | msgpackr, ns |',
    '| --- | ---: | ---: | ---: | ---: |',
    ...rows,
  ].join('\n');
  const head = `Bare is \`JSON.stringify\` and \`JSON.parse\` with \`Buffer\`, \`Encoder\` and \`Decoder\` of @msgpack/msgpack ${nodeVersion('@msgpack/msgpack')},
\`gzipSync\` and \`gunzipSync\`. msgpackr is ${nodeVersion('msgpackr')}, without records and without its native part. Medians of ${batches} batches that take
turns; behind the ratio is the middle half of all pairs. Ours checks besides: UTF-8, depth, keys, what a body may hold.`;
  const parts = [head, circumstances(undefined, []), table];
  await publishPage({ name: 'codecs', title: 'Codecs', parts }, out);
}

function row(title: string, { bare, ours, other, ratio }: Costs): string {
  const middle = `${ratio.median.toFixed(3)} (${ratio.low.toFixed(3)}–${ratio.high.toFixed(3)})`;
  const cells = [short(bare), short(ours), middle, other === undefined ? '' : short(other)];
  return `| ${title} | ${cells.join(' | ')} |`;
}
