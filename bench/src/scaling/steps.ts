// What one node gives, and what each cheap step brings: more in flight, a larger prefetch, small bodies, two connections.
import { startRabbitNode } from '@leveret/testkit';
import { measure } from '../run/measure.ts';
import { type Client, consumeAll, openClient, publishAll, withQueue } from './client.ts';
import { inTurn, spread } from './table.ts';

const IN_FLIGHT = 500;

/** A way to use one classic queue. Counts are such that a run takes about a second. */
type Step =
  | {
      readonly kind: 'publish';
      readonly count: number;
      readonly width: number;
      readonly size: number;
    }
  | { readonly kind: 'consume'; readonly count: number; readonly prefetch: number }
  | { readonly kind: 'both'; readonly count: number; readonly connections: 1 | 2 };

const STEPS: readonly Step[] = [
  { kind: 'publish', count: 1_000, width: 1, size: 30 },
  { kind: 'publish', count: 5_000, width: 10, size: 30 },
  { kind: 'publish', count: 15_000, width: 100, size: 30 },
  { kind: 'publish', count: 20_000, width: IN_FLIGHT, size: 30 },
  { kind: 'publish', count: 15_000, width: IN_FLIGHT, size: 2 * 1024 },
  { kind: 'publish', count: 1_500, width: IN_FLIGHT, size: 64 * 1024 },
  { kind: 'consume', count: 3_000, prefetch: 1 },
  { kind: 'consume', count: 20_000, prefetch: 10 },
  { kind: 'consume', count: 30_000, prefetch: 100 },
  { kind: 'consume', count: 30_000, prefetch: 200 },
  { kind: 'consume', count: 30_000, prefetch: 500 },
  { kind: 'both', count: 20_000, connections: 1 },
  { kind: 'both', count: 20_000, connections: 2 },
];

/** Measures each step on a node of its own and prints a table. */
export async function measureSteps(rounds: number): Promise<void> {
  await using node = await startRabbitNode();
  const measured = await inTurn(STEPS, rounds, (step) => run(step, node.url));
  console.log(`\nOne node, one classic queue, ${rounds} rounds`);
  console.log('| | messages/s | min–max |\n|---|---|---|');
  for (const [step, rates] of measured) console.log(`| ${title(step)} | ${spread(rates)} |`);
}

function title(step: Step): string {
  switch (step.kind) {
    case 'publish':
      return `publish, ${step.width} in flight, ${step.size} bytes`;
    case 'consume':
      return `consume, prefetch ${step.prefetch}`;
    case 'both':
      return `publish and consume at once, ${step.connections} connection(s)`;
  }
}

/** Messages a second. */
async function run(step: Step, url: string): Promise<number> {
  await using publisher = await openClient(url);
  const { duration } = await withQueue(publisher.channel, 'classic', async (queue) => {
    const { channel } = publisher;
    switch (step.kind) {
      case 'publish':
        return measure(step.count, () =>
          publishAll(channel, queue, step.count, step.width, step.size),
        );
      case 'consume':
        await publishAll(channel, queue, step.count, IN_FLIGHT);
        return measure(step.count, () => consumeAll(channel, queue, step.count, step.prefetch));
      case 'both': {
        await using other = await consumerOf(step.connections, publisher, url);
        return await measure(step.count, async () => {
          const consumed = consumeAll(other.channel, queue, step.count, 200);
          await Promise.all([consumed, publishAll(channel, queue, step.count, IN_FLIGHT)]);
        });
      }
    }
  });
  return (step.count / duration) * 1000;
}

/** A further channel: of the same connection, or of one of its own. */
async function consumerOf(
  connections: 1 | 2,
  { connection }: Client,
  url: string,
): Promise<Client> {
  if (connections === 2) return openClient(url);
  const channel = await connection.channel();
  return { connection, channel, [Symbol.asyncDispose]: () => channel.close() };
}
