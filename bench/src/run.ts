// One run of one peer in one case, in a process of its own: `node run.js <peer> <case> <load as JSON>`.
import { CASES } from './peer.ts';
import { leveret } from './peers/leveret.ts';
import { raw } from './peers/raw.ts';

const peers = { leveret, raw };
const [peerName, caseName, load = '{}'] = process.argv.slice(2);
const peer = Object.entries(peers).find(([name]) => name === peerName)?.[1];
const which = CASES.find((name) => name === caseName);
if (!peer || !which) throw new Error(`no such peer or case: ${peerName} ${caseName}`);
const measured = await peer[which](JSON.parse(load));
if (process.send) process.send(measured);
else console.log(measured);
