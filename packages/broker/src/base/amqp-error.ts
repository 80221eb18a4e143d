/** Names and reach of the reply codes of AMQP 0-9-1, section 1.2 of the reference, with RabbitMQ's. */
const replyCodes = {
  311: { name: 'CONTENT_TOO_LARGE', scope: 'channel' },
  312: { name: 'NO_ROUTE', scope: 'channel' },
  313: { name: 'NO_CONSUMERS', scope: 'channel' },
  320: { name: 'CONNECTION_FORCED', scope: 'connection' },
  402: { name: 'INVALID_PATH', scope: 'connection' },
  403: { name: 'ACCESS_REFUSED', scope: 'channel' },
  404: { name: 'NOT_FOUND', scope: 'channel' },
  405: { name: 'RESOURCE_LOCKED', scope: 'channel' },
  406: { name: 'PRECONDITION_FAILED', scope: 'channel' },
  501: { name: 'FRAME_ERROR', scope: 'connection' },
  502: { name: 'SYNTAX_ERROR', scope: 'connection' },
  503: { name: 'COMMAND_INVALID', scope: 'connection' },
  504: { name: 'CHANNEL_ERROR', scope: 'connection' },
  505: { name: 'UNEXPECTED_FRAME', scope: 'connection' },
  506: { name: 'RESOURCE_ERROR', scope: 'connection' },
  530: { name: 'NOT_ALLOWED', scope: 'connection' },
  540: { name: 'NOT_IMPLEMENTED', scope: 'connection' },
  541: { name: 'INTERNAL_ERROR', scope: 'connection' },
} as const;

/** A reply code of AMQP 0-9-1. */
export type ReplyCode = keyof typeof replyCodes;

/** What a refusal ends: the channel that it happened on, or the whole connection. */
export type ErrorScope = 'channel' | 'connection';

/** Numbers of class and method. */
export type MethodId = readonly [classId: number, methodId: number];

/** No method is to blame. */
export const noMethod: MethodId = [0, 0];

/** What a broker answers to a request that it refuses: closed with this code is a channel or a connection. */
export class AmqpError extends Error {
  override readonly name = 'AmqpError';
  readonly code: ReplyCode;
  readonly scope: ErrorScope;
  /** The method that is to blame. */
  readonly method: MethodId;
  readonly #detail: string;

  /**
   * @param detail what was wrong, in words, without the name of the code
   * @param scope the reach that the specification gives the code, unless given
   */
  constructor(
    code: ReplyCode,
    detail: string,
    scope: ErrorScope = replyCodes[code].scope,
    method: MethodId = noMethod,
  ) {
    super(`${replyCodes[code].name} - ${detail}`);
    this.code = code;
    this.scope = scope;
    this.method = method;
    this.#detail = detail;
  }

  /** The message, cut to the 255 bytes that a reply text may have. */
  get replyText(): string {
    return cutToBytes(this.message, 255);
  }

  /** The same refusal, with a method to blame. */
  of(method: MethodId): AmqpError {
    return new AmqpError(this.code, this.#detail, this.scope, method);
  }
}

function cutToBytes(text: string, most: number): string {
  if (Buffer.byteLength(text) <= most) return text;
  // A character that is cut in two decodes to U+FFFD, which takes more room than what was cut.
  return Buffer.from(text)
    .subarray(0, most)
    .toString()
    .replace(/\uFFFD+$/, '');
}
