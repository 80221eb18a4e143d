// What `npm run bench` starts: reads the command line, measures, prints tables.
import { readArguments, USAGE, type Wishes } from './arguments.ts';

// Loaded on demand: codecs are measured in this process.
const MEASURES: Readonly<Record<string, (wishes: Wishes) => Promise<void>>> = {
  peers: async (wishes) => (await import('./peers/measure.ts')).measurePeers(wishes),
  growth: async (wishes) => (await import('./growth/measure.ts')).measureGrowth(wishes),
  codecs: async (wishes) => (await import('./codecs/measure.ts')).measureCodecs(wishes),
  shares: async (wishes) => (await import('./shares/measure.ts')).measureShares(wishes),
  brokers: async (wishes) => (await import('./brokers/measure.ts')).measureBrokers(wishes),
  scaling: async ({ rounds, parts }) =>
    (await import('./scaling/parts.ts')).measureParts(rounds, parts),
};

try {
  const wishes = readArguments(process.argv.slice(2));
  await MEASURES[wishes.subject]?.(wishes);
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  process.exitCode = 1;
}
