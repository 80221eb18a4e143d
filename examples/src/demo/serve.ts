import { once } from 'node:events';
import { reason } from './errors.ts';
import { isOrder, type Order, type Report } from './messages.ts';

/** What a process is told when the broker is there. */
export type Start = Extract<Order, { kind: 'start' }>;

/**
 * The life of a process of the demo: it waits until it is told to start, works until it is told to stop, and
 * ends at once when the demo is gone.
 */
export async function serve(work: (start: Start) => Promise<AsyncDisposable>): Promise<void> {
  // Ctrl-C reaches every process of the terminal; when to stop is for the demo to say.
  process.on('SIGINT', () => {});
  const orphaned = (): void => process.exit(1);
  process.once('disconnect', orphaned);
  try {
    await obey(work);
  } catch (error) {
    tell({ kind: 'failed', message: reason(error) });
    process.exitCode = 1;
  }
  process.off('disconnect', orphaned);
  if (process.connected) process.disconnect();
}

/** Tells the demo. */
export function tell(report: Report): void {
  if (process.connected) process.send?.(report);
}

async function obey(work: (start: Start) => Promise<AsyncDisposable>): Promise<void> {
  const start = await nextOrder();
  if (start.kind !== 'start') return;
  await using _working = await work(start);
  tell({ kind: 'ready' });
  await nextOrder();
}

async function nextOrder(): Promise<Order> {
  const [order]: unknown[] = await once(process, 'message');
  if (isOrder(order)) return order;
  throw new Error('was told something that is no order');
}
