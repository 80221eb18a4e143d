// `npx @leveret/broker`: a broker as a process of its own.
import process from 'node:process';
import { systemClock } from './base/clock.ts';
import { main } from './cli/main.ts';
import { untilStopped } from './cli/stop.ts';

// Left to end by itself, so that what was printed gets through a pipe.
process.exitCode = await main(process.argv.slice(2), {
  print: (text) => process.stdout.write(text),
  complain: (text) => process.stderr.write(text),
  stopped: untilStopped(process, systemClock, (code) => process.exit(code)),
});
