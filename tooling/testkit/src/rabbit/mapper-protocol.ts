// The protocol of epmd, Erlang's port mapper: https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html

const NAMES = 110;
const ALIVE2 = 120;
const PORT_PLEASE2 = 122;
const PORT2 = 119;
const ALIVE2_ANSWER = 121;
const ALIVE2_X_ANSWER = 118;
/** The lowest distribution version whose nodes have a creation of 32 bits, and are told it. */
const WIDE_CREATION_VERSION = 6;
/** Before the name: node type, protocol, highest and lowest version, length of the name. */
const DETAILS_HEAD = 8;

/** A node that can be looked up. */
export interface Registration {
  /** The part before the `@`. */
  readonly name: string;
  /** Where it takes connections of other nodes. */
  readonly port: number;
  /** What it says of itself, its name included, as it stands in the request and in answers. */
  readonly details: Buffer;
}

/** What a node asks its port mapper for. */
export type MapperRequest =
  | { readonly kind: 'register'; readonly registration: Registration }
  | { readonly kind: 'lookUp'; readonly name: string }
  | { readonly kind: 'list' }
  | { readonly kind: 'unknown' };

/** Reads the request at the beginning of `bytes`, or undefined when it is not complete yet. */
export function readRequest(bytes: Buffer): MapperRequest | undefined {
  if (bytes.length < 2) return undefined;
  const length = bytes.readUInt16BE(0);
  if (bytes.length < 2 + length) return undefined;
  const body = bytes.subarray(2, 2 + length);
  switch (body[0]) {
    case ALIVE2:
      return readRegistration(body);
    case PORT_PLEASE2:
      return { kind: 'lookUp', name: body.toString('utf8', 1) };
    case NAMES:
      return { kind: 'list' };
    default:
      return { kind: 'unknown' };
  }
}

function readRegistration(body: Buffer): MapperRequest {
  const details = Buffer.from(body.subarray(3));
  if (details.length < DETAILS_HEAD) return { kind: 'unknown' };
  const end = DETAILS_HEAD + details.readUInt16BE(6);
  if (details.length < end) return { kind: 'unknown' };
  const name = details.toString('utf8', DETAILS_HEAD, end);
  return { kind: 'register', registration: { name, port: body.readUInt16BE(1), details } };
}

/** Tells a node that it is registered; `creation`, at least 1, tells it from earlier nodes of its name. */
export function registered({ details }: Registration, creation: number): Buffer {
  if (details.readUInt16BE(2) < WIDE_CREATION_VERSION) {
    return Buffer.from([ALIVE2_ANSWER, 0, 0, 1 + (creation % 3)]);
  }
  const answer = Buffer.from([ALIVE2_X_ANSWER, 0, 0, 0, 0, 0]);
  answer.writeUInt32BE(creation, 2);
  return answer;
}

/** Tells a node that its name is taken. */
export function nameTaken({ details }: Registration): Buffer {
  const wide = details.readUInt16BE(2) >= WIDE_CREATION_VERSION;
  return Buffer.from(wide ? [ALIVE2_X_ANSWER, 1, 0, 0, 0, 0] : [ALIVE2_ANSWER, 1, 0, 0]);
}

/** Answers who looked a node up: connect to `port`. */
export function found({ details }: Registration, port: number): Buffer {
  const head = Buffer.from([PORT2, 0, 0, 0]);
  head.writeUInt16BE(port, 2);
  return Buffer.concat([head, details]);
}

/** Answers who looked a node up that is not there. */
export function notFound(): Buffer {
  return Buffer.from([PORT2, 1]);
}

/** All nodes, in the words of epmd. */
export function listing(mapperPort: number, registrations: Iterable<Registration>): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(mapperPort);
  const lines = [...registrations].map(({ name, port }) => `name ${name} at port ${port}\n`);
  return Buffer.concat([head, Buffer.from(lines.join(''))]);
}
