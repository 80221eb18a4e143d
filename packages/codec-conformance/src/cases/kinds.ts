import assert from 'node:assert/strict';
import type { ContentKind } from '@leveret/core';
import type { CodecCase, Suite } from '../suite.ts';

/** What AMQP 0-9-1 allows in a short string (4.2.5.3), in bytes. */
const MAX_SHORTSTR = 255;

/** Content type and encoding, as they go into a message. */
export function kindCases({ codec }: Suite): CodecCase[] {
  const kinds = [codec, ...(codec.aliases ?? [])];
  return [
    {
      title: 'names content types and encodings that fit into a message',
      run: async () => {
        for (const kind of kinds) checkKind(kind);
      },
    },
    {
      title: 'names no kind twice',
      run: async () => {
        const names = kinds.map(nameOf);
        const twice = names.filter((name, at) => names.indexOf(name) !== at);
        assert.deepEqual(twice, [], 'the codec claims a kind twice');
      },
    },
  ];
}

function nameOf({ contentType, contentEncoding }: ContentKind): string {
  return `${contentType} | ${contentEncoding ?? ''}`.toLowerCase();
}

function checkKind({ contentType, contentEncoding }: ContentKind): void {
  assert.match(contentType, /^[\w.+-]+\/[\w.+-]+( *;.*)?$/, 'contentType is no media type');
  checkShortstr('contentType', contentType);
  if (contentEncoding === undefined) return;
  assert.notEqual(contentEncoding, '', 'contentEncoding is empty: leave it out');
  checkShortstr('contentEncoding', contentEncoding);
}

function checkShortstr(name: string, text: string): void {
  const size = Buffer.byteLength(text);
  assert.ok(size <= MAX_SHORTSTR, `${name} has ${size} bytes, more than ${MAX_SHORTSTR}`);
  assert.match(text, /^[\x20-\x7e]*$/, `${name} holds more than printable ASCII`);
}
