import { spawnSync } from 'node:child_process';
import { choose } from '../arguments.ts';
import type { Admin } from '../run/admin.ts';
import type { Entrant } from '../run/run-case.ts';
import { PYTHON } from '../run/start-run.ts';
import { loadPeer, PEER_NAMES } from './list.ts';
import type { Peer } from './peer.ts';

/** The peers of these names, or all; without those that this machine does not have. */
export async function choosePeers(wanted: readonly string[]): Promise<readonly Peer[]> {
  const names = choose('peer', wanted, new Map(PEER_NAMES.map((name) => [name, name])));
  return (await Promise.all(names.map(loadPeer))).filter(isInstalled);
}

/** All of them on one broker. */
export function enter(peers: readonly Peer[], url: string, admin: Admin): readonly Entrant[] {
  return peers.map((peer) => ({ title: peer.title, peer, url, admin }));
}

/** Python need not have the library; it is looked for without being loaded. */
function isInstalled(peer: Peer): boolean {
  if (peer.runs === 'node') return true;
  const find = 'import importlib.util as u, sys; sys.exit(u.find_spec("aio_pika") is None)';
  const found = spawnSync(PYTHON, ['-c', find], { stdio: 'ignore' }).status === 0;
  if (!found) console.error(`${peer.name} is left out: ${PYTHON} has no aio_pika`);
  return found;
}
