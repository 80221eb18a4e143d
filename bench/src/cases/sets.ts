import { CALLS } from './calls.ts';
import type { Case } from './case.ts';
import { CONSUME } from './consume.ts';
import { LIFE } from './life.ts';
import { MEMORY } from './memory.ts';
import { PUBLISH } from './publish.ts';
import { FORMAT_CASES, LARGE_TASKS, TASKS } from './tasks.ts';

const main = ['calls-1', 'calls-100', 'publish', 'consume-500', 'tasks-1'];

/** Every case, in the order of the tables. */
export const CASES: readonly Case[] = [
  ...CALLS,
  ...PUBLISH,
  ...CONSUME,
  ...TASKS,
  ...LARGE_TASKS,
  ...FORMAT_CASES,
  ...LIFE,
  ...MEMORY,
];

/** Cases that are measured together and stand on one page. */
export const SETS: Readonly<Record<string, readonly Case[]>> = {
  main: CASES.filter(({ name }) => main.includes(name)),
  calls: CALLS,
  publish: PUBLISH,
  consume: CONSUME,
  tasks: [...TASKS, ...LARGE_TASKS],
  formats: FORMAT_CASES,
  life: LIFE,
  memory: MEMORY,
};
