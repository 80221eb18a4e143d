import { LeveretError } from '@leveret/core';
import { ExtensionCodec } from '@msgpack/msgpack';
import { isLiteral, isPlain } from './plain.ts';

/** What the library asks of an extension codec. */
type Extensions = Pick<ExtensionCodec, 'tryToEncode' | 'decode'>;

/**
 * `custom`, or what the library has built in, refusing what no extension takes and MessagePack has no form for.
 * The library would write a `Map` as an empty map, an invalid `Date` as 1970 and a `Float64Array` as bytes.
 */
export function strictExtensions(custom?: Extensions): Extensions {
  const inner = custom ?? new ExtensionCodec();
  return {
    decode: (data, type, context) => inner.decode(data, type, context),
    tryToEncode(value, context) {
      // Asked first, as it is about each object and array, and nothing built in takes these.
      if (!custom && isLiteral(value)) return null;
      if (value instanceof Date && Number.isNaN(value.getTime())) throw refusal('an invalid Date');
      const extension = inner.tryToEncode(value, context);
      if (extension === null && !isPlain(value)) throw refusal(nameOf(value));
      return extension;
    },
  };
}

function nameOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return `a ${typeof value}`;
  return `an instance of ${value.constructor?.name || 'an unnamed class'}`;
}

function refusal(what: string): LeveretError {
  return new LeveretError(
    'CODEC',
    `MessagePack has no form for ${what}; give an extensionCodec that has, or convert it`,
  );
}
