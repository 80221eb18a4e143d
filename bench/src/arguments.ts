import { parseArgs } from 'node:util';

/** What can be measured. */
const SUBJECTS: readonly string[] = ['peers', 'growth', 'codecs', 'shares', 'brokers', 'scaling'];

/** What the command line asks for. */
export interface Wishes {
  readonly subject: string;
  /** Parts of the subject; none means the usual ones. */
  readonly parts: readonly string[];
  readonly rounds: number;
  readonly peers: readonly string[];
  readonly cases: readonly string[];
  /** A part of the operations of each case. */
  readonly scale: number;
  readonly out: Out;
}

/** Where pages and charts are written. */
export interface Out {
  /** Relative to the repository. */
  readonly folder: string;
  /** What their names have besides: git does not see those that end in `.local`. */
  readonly ending: '' | '.local';
}

const PAGES = 'docs/benchmarks';

export const USAGE: string = `usage: npm run bench -- [rounds] [${SUBJECTS.join(' | ')}] [part …]
  --peers a,b    these peers only
  --cases a,b    these cases instead of a set of them
  --rounds n     rounds that count, after one that does not (5)
  --scale n      a part of the operations of each case, such as 0.01 to see whether all works
  --write        replace the committed pages in ${PAGES}; otherwise they go beside them, as <name>.local.md
  --out folder   write them there instead`;

/** Reads the command line. It throws where there is no sense in it. */
export function readArguments(argv: readonly string[]): Wishes {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      peers: { type: 'string' },
      cases: { type: 'string' },
      rounds: { type: 'string' },
      scale: { type: 'string' },
      write: { type: 'boolean' },
      out: { type: 'string' },
    },
  });
  const number = positionals.find((word) => /^\d+$/.test(word));
  const words = positionals.filter((word) => word !== number);
  const subject = SUBJECTS.find((name) => words.includes(name)) ?? 'peers';
  return {
    subject,
    parts: words.filter((word) => word !== subject),
    rounds: Math.ceil(positive('rounds', values.rounds ?? number ?? '5')),
    peers: listed(values.peers),
    cases: listed(values.cases),
    scale: positive('scale', values.scale ?? '1'),
    out: { folder: values.out ?? PAGES, ending: values.out || values.write ? '' : '.local' },
  };
}

/** Those of `known` that are wanted, in the order in which they are known; all where none is named. */
export function choose<T>(
  what: string,
  wanted: readonly string[],
  known: ReadonlyMap<string, T>,
): readonly T[] {
  const stray = wanted.find((name) => !known.has(name));
  if (stray !== undefined)
    throw new Error(`no ${what} "${stray}"; there are: ${[...known.keys()].join(', ')}`);
  const chosen = [...known].filter(([name]) => wanted.length === 0 || wanted.includes(name));
  return chosen.map(([, value]) => value);
}

function listed(text: string | undefined): readonly string[] {
  return text?.split(',').filter((name) => name !== '') ?? [];
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (value > 0) return value;
  throw new Error(`--${name} wants a number above 0, not "${text}"`);
}
