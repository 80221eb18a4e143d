import { type ChildProcess, fork, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Job } from '../cases/load.ts';
import type { Peer } from '../peers/peer.ts';
import type { RunResult } from './measure.ts';

/** Debian's packages belong to this one; `python3` on PATH may be another. */
export const PYTHON = '/usr/bin/python3';

const LIMIT_MS = 120_000;
const SHOWN = 300;

/** Does one run in a process of its own. It is killed when it takes longer than two minutes. */
export async function startRun(peer: Peer, job: Omit<Job, 'imported'>): Promise<RunResult> {
  return peer.runs === 'node' ? runNode(job) : runPython(peer.program, job);
}

function runNode(job: Omit<Job, 'imported'>): Promise<RunResult> {
  const script = fileURLToPath(new URL('./child.js', import.meta.url));
  const collect = job.load.kind === 'pending' || job.load.kind === 'queues';
  const child = fork(script, [JSON.stringify(job)], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: collect ? ['--expose-gc'] : [],
  });
  let result: RunResult | undefined;
  child.on('message', (message: RunResult) => {
    result = message;
  });
  return ended(child, () => result);
}

function runPython(program: string, job: Omit<Job, 'imported'>): Promise<RunResult> {
  const script = fileURLToPath(new URL(`../../python/${program}`, import.meta.url));
  const child = spawn(PYTHON, [script, JSON.stringify(job)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  return ended(child, () => (output === '' ? undefined : JSON.parse(output)));
}

/** What a process gave, once it has ended well. */
function ended(child: ChildProcess, result: () => RunResult | undefined): Promise<RunResult> {
  let complaints = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      complaints = `no end after ${LIMIT_MS / 1000} s`;
      child.kill('SIGKILL');
    }, LIMIT_MS);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      const measured = code === 0 ? result() : undefined;
      if (measured) resolve(measured);
      else reject(new Error(reason(complaints) || `exit code ${code}`));
    });
  });
}

/** The line of a stack trace that says what is wrong. */
function reason(complaints: string): string {
  const lines = complaints.split('\n').map((line) => line.trim());
  const error = lines.find((line) => /^\w*(Error|Exception)\b.*:/.test(line));
  return (error ?? lines.find((line) => line !== '') ?? '').slice(0, SHOWN);
}
