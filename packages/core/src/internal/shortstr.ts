/** The longest short string of AMQP 0-9-1, in bytes of UTF-8 (specification, section 4.2.5.3). */
const SHORTSTR_MAX = 255;

/** Whether `text` fits a short string and is not changed by UTF-8 (it has no lone surrogates). */
export function isShortstr(text: string): boolean {
  // A UTF-16 unit takes at most three bytes, so short text needs no counting.
  const fits = text.length * 3 <= SHORTSTR_MAX || Buffer.byteLength(text) <= SHORTSTR_MAX;
  return fits && text.isWellFormed();
}
