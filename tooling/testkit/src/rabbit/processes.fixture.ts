import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Processes with a node's data folder in their command line or environment, as all of its processes have. */
export async function processesOf(dataDir: string): Promise<readonly string[]> {
  const { stdout } = await run('ps', ['axeww', '-o', 'pid=,stat=,args=']);
  return stdout.split('\n').filter((line) => line.includes(dataDir) && !/^\s*\d+ Z/.test(line));
}

/** Waits until nothing of a node is left; the helpers of the Erlang machine notice its end by themselves. */
export async function nothingLeft(dataDir: string): Promise<void> {
  while ((await processesOf(dataDir)).length > 0);
}
