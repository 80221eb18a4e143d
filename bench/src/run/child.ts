// One run of one peer, in a process of its own: `node child.js <job as JSON>`. It ends without closing anything: what the
// run costs is known by then, and the broker takes the end of the connection for a goodbye.
import type { Job } from '../cases/load.ts';
import { runLoad } from '../cases/run-load.ts';
import { loadNodePeer } from '../peers/list.ts';
import { PROFILED, startProfile } from '../shares/profile.ts';

process.on('disconnect', () => process.exit()); // whoever started it is gone
const job: Omit<Job, 'imported'> = JSON.parse(process.argv[2] ?? '');
const before = performance.now();
const peer = await loadNodePeer(job.peer);
const imported = performance.now() - before;
const subject = process.env[PROFILED];
const stop = subject === 'cpu' || subject === 'heap' ? await startProfile(subject) : undefined;
const measured = await runLoad(peer, { ...job, imported });
const result = { ...measured, values: { ...measured.values, ...(await stop?.()) } };
if (process.send) process.send(result, () => process.exit());
else console.log(result);
