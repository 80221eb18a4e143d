// Runs steps one after the other, each in a Node process, and tells how each went in one line.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { toolEnv } from './env.mjs';
import { exclusively } from './lock.mjs';
import { readJson, root } from './workspace.mjs';

/** Arguments for Node that run a file of this repository. */
export function script(path, ...args) {
  return [join(root, path), ...args];
}

/** Arguments for Node that run an installed tool, without a shell or a `pnpm exec` in between. */
export function tool(name, ...args) {
  const folder = join(root, 'node_modules', name);
  return () => {
    const { bin } = readJson(folder, 'package.json');
    return [join(folder, typeof bin === 'string' ? bin : Object.values(bin)[0]), ...args];
  };
}

/**
 * Runs all steps, also after a failed one unless that was `needed` or `quiet`, and resolves with the
 * exit code. A `live` step writes to the terminal itself; of the others the output is shown when they fail.
 */
export async function runSteps(steps) {
  const failed = [];
  for (const step of steps) {
    const code = await runStep(step);
    if (code === 0) continue;
    if (steps.length === 1 || step.needed || step.quiet) return code;
    failed.push(step.name ?? 'last step');
  }
  if (failed.length > 0) console.log(`failed: ${failed.join(', ')}`);
  return failed.length > 0 ? 1 : 0;
}

async function runStep(step) {
  const run = () => runNode(step);
  const start = performance.now();
  const { code, output } = await (step.lock ? exclusively(step.lock, run) : run());
  if (step.name && (code !== 0 || !step.quiet)) {
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(
      `${code === 0 ? 'ok    ' : 'FAILED'} ${step.name.padEnd(16)} ${seconds.padStart(6)} s`,
    );
    if (code !== 0) process.stdout.write(output);
  }
  return code;
}

function runNode({ argv, live }) {
  const args = typeof argv === 'function' ? argv() : argv;
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: toolEnv(),
    stdio: live ? 'inherit' : ['ignore', 'pipe', 'pipe'],
  });
  const chunks = [];
  child.stdout?.on('data', (chunk) => chunks.push(chunk));
  child.stderr?.on('data', (chunk) => chunks.push(chunk));
  const release = live ? forwardSignals(child) : () => {};
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, output: Buffer.concat(chunks) }));
  }).finally(release);
}

/**
 * Lets the child end first, and by itself: a terminal sends Ctrl-C to both, other signals reach this
 * process alone.
 */
function forwardSignals(child) {
  const wait = () => {};
  const forward = (signal) => child.kill(signal);
  process.on('SIGINT', wait);
  process.on('SIGTERM', forward);
  process.on('SIGHUP', forward);
  return () => {
    process.off('SIGINT', wait);
    process.off('SIGTERM', forward);
    process.off('SIGHUP', forward);
  };
}
