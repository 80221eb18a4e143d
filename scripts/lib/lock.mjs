// Lets one process at a time do something in this work tree.
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from './workspace.mjs';

const folder = join(root, '.tooling');

/** Runs `work` while no other process runs anything under the same name. */
export async function exclusively(name, work) {
  const file = join(folder, `${name}.lock`);
  mkdirSync(folder, { recursive: true });
  for (let turn = 0; !take(file); turn++) {
    if (turn === 50) console.log(`dev: waiting for process ${owner(file)}, which holds ${file}`);
    await sleep(100);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file) {
  try {
    writeFileSync(file, `${process.pid}`, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  const holder = owner(file);
  if (holder && !isAlive(holder)) bury(file, holder);
  return false;
}

/** Takes away the lock of a process that died; puts it back where somebody else was faster. */
function bury(file, holder) {
  const grave = `${file}.${process.pid}`;
  try {
    renameSync(file, grave);
    if (owner(grave) !== holder) linkSync(grave, file);
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
  } finally {
    rmSync(grave, { force: true });
  }
}

function owner(file) {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
