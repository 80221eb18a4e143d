// `npm start`: tasks shared out among workers and calls to callees.
import { demo } from './demo.ts';
import { reason, Stopped } from './errors.ts';

const stopped = new Promise<never>((_, reject) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => reject(new Stopped(signal)));
});

try {
  await demo(stopped);
} catch (error) {
  console.error(`demo: ${reason(error)}`);
  // The broker ends with this process; nothing else is left to wait for.
  process.exit(error instanceof Stopped ? error.exitCode : 1);
}
