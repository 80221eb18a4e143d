// Proves that tasks are not lost and that calls settle. Usage: npm run endurance -- <scenario> [options]
import { type Options, readOptions, USAGE } from './options.ts';
import { run } from './run.ts';

function options(): Options | undefined {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${USAGE}`);
    return undefined;
  }
}

const asked = options();
if (asked) {
  try {
    const { passed, text } = await run(asked);
    console.log(text);
    process.exitCode = passed ? 0 : 1;
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  }
} else {
  process.exitCode = 2;
}
