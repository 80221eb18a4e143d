import { describe, expect, it } from 'vitest';
import { ProtocolViolation } from './failures.ts';
import { takeHeaders } from './headers.ts';
import { tableSize, writeTable } from './table.ts';

const HEADERS = { id: 2n ** 60n, at: new Date(1_700_000_000_000), key: Buffer.from('\xff') };

function table(): Buffer {
  const bytes = Buffer.alloc(tableSize(HEADERS));
  writeTable(bytes, 0, HEADERS);
  return bytes;
}

/** The payload of a content header with these properties, and the byte that closes a frame. */
function payload(flags: number, ...properties: readonly (Buffer | string)[]): Buffer {
  const fixed = Buffer.alloc(14);
  fixed.writeUInt16BE(60, 0);
  fixed.writeUInt16BE(flags, 12);
  return Buffer.concat([
    fixed,
    ...properties.map((each) => Buffer.from(each)),
    Buffer.from('\xce', 'latin1'),
  ]);
}

describe('the headers of a message', () => {
  it('are taken out of its content header, which is then one without', () => {
    const bytes = payload(0xf800, '\x0atext/plain', '\x04gzip', table(), '\x02\x07');
    const without = payload(0xd800, '\x0atext/plain', '\x04gzip', '\x02\x07');
    expect(takeHeaders(bytes)).toStrictEqual(HEADERS);
    expect(bytes.subarray(0, without.length - 1)).toEqual(without.subarray(0, -1));
    expect(bytes.at(-1)).toBe(0xce);
  });

  it('are found where nothing stands before them', () => {
    expect(takeHeaders(payload(0x2000, table()))).toStrictEqual(HEADERS);
  });

  it('are none where there are none, and nothing is touched', () => {
    const bytes = payload(0x9800, '\x0atext/plain', '\x02\x07');
    const before = Buffer.from(bytes);
    expect(takeHeaders(bytes)).toBeUndefined();
    expect(bytes).toEqual(before);
  });

  it('are refused where they are cut off, at any byte', () => {
    const whole = payload(0x2000, table());
    for (let length = 15; length < whole.length - 1; length++) {
      const cut = Buffer.concat([whole.subarray(0, length), Buffer.from([0xce])]);
      expect(() => takeHeaders(cut)).toThrow(ProtocolViolation);
    }
  });

  it('of what is too short to be a content header are left for the driver to refuse', () => {
    expect(takeHeaders(Buffer.alloc(13))).toBeUndefined();
  });
});
