/** Where the time and the memory of a run go, in the order of the tables. */
export const AREAS = [
  'frames read',
  'frames written',
  'core, the rest',
  'master, rpc',
  'codec',
  'other libraries',
  'Node, and what V8 runs',
  'garbage collection',
  'the bench itself',
] as const;

/** One of {@link AREAS}. */
export type Area = (typeof AREAS)[number];

const READ = /driver\/amqp\/(frame-reader|byte-reader|methods|content-header|assembly|table)\./;
const WRITTEN = /driver\/amqp\/(frame-writer|content|parts)\./;

/** The area of a function, by the file that it stands in. */
export function areaOf({ functionName, url }: { functionName: string; url: string }): Area {
  if (functionName === '(garbage collector)') return 'garbage collection';
  if (url === '' || url.startsWith('node:')) return 'Node, and what V8 runs';
  if (/\/bench\/dist\//.test(url)) return 'the bench itself';
  if (/\/packages\/core\/dist\//.test(url)) {
    if (READ.test(url)) return 'frames read';
    return WRITTEN.test(url) ? 'frames written' : 'core, the rest';
  }
  if (/\/packages\/(master|rpc)\/dist\//.test(url)) return 'master, rpc';
  if (/\/packages\/codec-|@msgpack/.test(url)) return 'codec';
  return 'other libraries';
}
