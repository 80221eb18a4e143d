import process from 'node:process';
import { check } from './check.ts';

const { modules, imports, objections } = check(process.cwd());
for (const line of objections) console.error(line);
console.log(`${imports} imports in ${modules} modules, ${objections.length} against the arrows`);
if (objections.length > 0 || modules === 0) process.exitCode = 1;
