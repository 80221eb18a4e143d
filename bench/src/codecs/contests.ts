import { gunzipSync, gzipSync } from 'node:zlib';
import { gzipCodec } from '@leveret/codec-gzip';
import { jsonCodec } from '@leveret/codec-json';
import { msgpackCodec } from '@leveret/codec-msgpack';
import { Decoder, Encoder } from '@msgpack/msgpack';
import { Packr } from 'msgpackr';
import { PAYLOADS, type Payload } from './payloads.ts';

/** The same work done by a bare call, by our codec and perhaps by another library. */
export interface Contest {
  readonly title: string;
  readonly bare: () => unknown;
  readonly ours: () => unknown;
  readonly other?: () => unknown;
}

const json = jsonCodec();
const unbounded = jsonCodec({ maxDepth: Infinity });
const msgpack = msgpackCodec();
const gzip = gzipCodec(jsonCodec());
// As the library advises for speed: made once, used again.
const encoder = new Encoder({ ignoreUndefined: true });
const decoder = new Decoder();
// Without records, which are its own format, so that others can read what it writes.
const packr = new Packr({ useRecords: false });

/** Every codec with every payload, both ways. */
export const CONTESTS: readonly Contest[] = PAYLOADS.flatMap((payload) => [
  ...jsonContests(payload),
  ...msgpackContests(payload),
  ...gzipContests(payload),
]);

function jsonContests({ title, value }: Payload): readonly Contest[] {
  const bytes = Buffer.from(JSON.stringify(value));
  return [
    {
      title: `JSON, ${title}, encode`,
      bare: () => Buffer.from(JSON.stringify(value)),
      ours: () => json.encode(value),
    },
    {
      title: `JSON, ${title}, decode`,
      bare: () => JSON.parse(bytes.toString()),
      ours: () => json.decode(bytes),
    },
    {
      title: `JSON, ${title}, decode with maxDepth: Infinity`,
      bare: () => JSON.parse(bytes.toString()),
      ours: () => unbounded.decode(bytes),
    },
  ];
}

function msgpackContests({ title, value }: Payload): readonly Contest[] {
  const bytes = Buffer.from(encoder.encode(value));
  return [
    {
      title: `MessagePack, ${title}, encode`,
      bare: () => encoder.encode(value),
      ours: () => msgpack.encode(value),
      other: () => packr.pack(value),
    },
    {
      title: `MessagePack, ${title}, decode`,
      bare: () => decoder.decode(bytes),
      ours: () => msgpack.decode(bytes),
      other: () => packr.unpack(bytes),
    },
  ];
}

function gzipContests({ title, value }: Payload): readonly Contest[] {
  const bytes = gzipSync(JSON.stringify(value));
  return [
    {
      title: `gzip of JSON, ${title}, encode`,
      bare: () => gzipSync(JSON.stringify(value)),
      ours: () => gzip.encode(value),
    },
    {
      title: `gzip of JSON, ${title}, decode`,
      bare: () => JSON.parse(gunzipSync(bytes).toString()),
      ours: () => gzip.decode(bytes),
    },
  ];
}
