import { type ContentKind, LeveretError } from '@leveret/core';

/**
 * How a message says that its body is zipped: `encoding` by a content encoding of `gzip`, `aio-pika` by a
 * parameter of the content type, as `CompressedJsonMaster` of aio-pika does.
 */
export type GzipForm = 'encoding' | 'aio-pika';

/** What {@link zippedKinds} answers: the kind to write, and all others to read. */
interface ZippedKinds {
  readonly main: ContentKind;
  readonly aliases: readonly ContentKind[];
}

const PARAMETER = 'compression=gzip';

/**
 * The kinds of `inner`, zipped: its main one in `form`, then every other one in both forms.
 *
 * @throws LeveretError `INVALID_ARGUMENT`, where `inner` is zipped already.
 */
export function zippedKinds(
  inner: ContentKind & { readonly aliases?: readonly ContentKind[] },
  form: GzipForm,
): ZippedKinds {
  if (isZipped(inner))
    throw new LeveretError('INVALID_ARGUMENT', 'gzipCodec: the inner codec zips already');
  const main = zipped(inner, form);
  const other = zipped(inner, form === 'encoding' ? 'aio-pika' : 'encoding');
  const further = (inner.aliases ?? [])
    .filter((kind) => !isZipped(kind))
    .flatMap((kind) => [zipped(kind, 'encoding'), zipped(kind, 'aio-pika')]);
  return { main, aliases: [other, ...further] };
}

function zipped({ contentType, contentEncoding }: ContentKind, form: GzipForm): ContentKind {
  const before = isRealEncoding(contentEncoding) ? { contentEncoding } : {};
  if (form === 'aio-pika') return { contentType: `${contentType};${PARAMETER}`, ...before };
  // In the order in which they were applied, as HTTP has it (RFC 9110, 8.4).
  const encodings = [...Object.values(before), 'gzip'];
  return { contentType, contentEncoding: encodings.join(', ') };
}

function isZipped({ contentType, contentEncoding = '' }: ContentKind): boolean {
  const parameters = contentType.toLowerCase().split(';').slice(1);
  if (parameters.some((parameter) => parameter.trim() === PARAMETER)) return true;
  return contentEncoding
    .toLowerCase()
    .split(',')
    .some((name) => name.trim() === 'gzip');
}

/** A character set, which some write as the encoding, is none. */
function isRealEncoding(encoding: string | undefined): encoding is string {
  return encoding !== undefined && encoding !== '' && encoding.toLowerCase() !== 'utf-8';
}
