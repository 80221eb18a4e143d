import type { Peer } from '../peers/peer.ts';

/** What each peer promises, so that nobody compares what cannot be compared. */
export function guaranteeTable(peers: readonly Peer[]): string {
  const rows = peers.map(({ title, guarantee }) => {
    const { confirms, acks, recovers, remark = '' } = guarantee;
    return `| ${title} | ${yes(confirms)} | ${acks} | ${yes(recovers)} | ${remark} |`;
  });
  return [
    '### What each promises here',
    '',
    '| | publishes are confirmed | acknowledges | recovers | |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function yes(holds: boolean): string {
  return holds ? 'yes' : 'no';
}
