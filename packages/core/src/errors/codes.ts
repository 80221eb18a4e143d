/** The closed set of error codes; {@link errorCodes} says what each means. */
export type LeveretErrorCode =
  | 'INVALID_ARGUMENT'
  | 'INVALID_MESSAGE'
  | 'CODEC'
  | 'UNSUPPORTED_CONTENT_TYPE'
  | 'UNROUTABLE'
  | 'NACKED'
  | 'EXCHANGE_NOT_FOUND'
  | 'NOT_FOUND'
  | 'PRECONDITION_FAILED'
  | 'ACCESS_REFUSED'
  | 'NOT_ALLOWED'
  | 'RESOURCE_LOCKED'
  | 'REFUSED'
  | 'CONNECTION_FAILED'
  | 'CONNECTION_LOST'
  | 'TIMEOUT'
  | 'BLOCKED'
  | 'BUFFER_FULL'
  | 'UNCONFIRMED'
  | 'CLOSED'
  | 'CANCELLED'
  | 'ALREADY_SETTLED'
  | 'ABORTED'
  | 'RPC_TIMEOUT'
  | 'REMOTE_ERROR'
  | 'ALREADY_REGISTERED'
  | 'HANDLER_FAILED'
  | 'UNSUPPORTED_DRIVER';

/** What is known about one error code. */
export interface ErrorCodeEntry {
  /** Whether the same call may succeed later without a change of its input. */
  readonly retryable: boolean;
  /** When the code is used, in one sentence. */
  readonly meaning: string;
}

/** Every error code with its meaning and whether a retry can help, as documented data. */
export const errorCodes: Readonly<Record<LeveretErrorCode, ErrorCodeEntry>> = {
  INVALID_ARGUMENT: {
    retryable: false,
    meaning: 'An option, name or argument given to Leveret is not acceptable; nothing was sent.',
  },
  INVALID_MESSAGE: {
    retryable: false,
    meaning:
      'A field of an outgoing message breaks a rule of AMQP or of the driver; nothing was sent.',
  },
  CODEC: { retryable: false, meaning: 'A codec could not encode a value or decode a body.' },
  UNSUPPORTED_CONTENT_TYPE: {
    retryable: false,
    meaning: 'No codec given understands the content type and encoding of a message.',
  },
  UNROUTABLE: {
    retryable: false,
    meaning: 'The broker returned a mandatory message: it reached no queue.',
  },
  NACKED: { retryable: true, meaning: 'The broker refused to take responsibility for a message.' },
  EXCHANGE_NOT_FOUND: { retryable: false, meaning: 'The exchange published to does not exist.' },
  NOT_FOUND: { retryable: false, meaning: 'A queue or exchange does not exist (reply code 404).' },
  PRECONDITION_FAILED: {
    retryable: false,
    meaning: 'The broker found a request at odds with what exists (reply code 406).',
  },
  ACCESS_REFUSED: {
    retryable: false,
    meaning: 'Wrong credentials, or no permission for the request (reply code 403).',
  },
  NOT_ALLOWED: {
    retryable: false,
    meaning: 'The broker does not allow it, such as an unknown vhost (reply code 530).',
  },
  RESOURCE_LOCKED: {
    retryable: false,
    meaning: 'The queue is exclusive to another connection (reply code 405).',
  },
  REFUSED: {
    retryable: false,
    meaning:
      'The broker closed the channel or connection over a request, with a reply code that has no code of its own here.',
  },
  CONNECTION_FAILED: {
    retryable: true,
    meaning: 'A connection could not be opened: refused, unresolved, reset or not AMQP 0-9-1.',
  },
  CONNECTION_LOST: {
    retryable: true,
    meaning: 'The connection was lost while the operation was under way.',
  },
  TIMEOUT: { retryable: true, meaning: 'An operation did not end before its deadline.' },
  BLOCKED: {
    retryable: true,
    meaning: 'The broker blocks publishers (memory or disk alarm) and the deadline passed.',
  },
  BUFFER_FULL: {
    retryable: true,
    meaning: 'Too many messages (count or bytes) wait for the broker to take them.',
  },
  UNCONFIRMED: {
    retryable: true,
    meaning: 'A message was sent and its fate will never be known: it may or may not be stored.',
  },
  CLOSED: {
    retryable: false,
    meaning: 'The connection, channel, consumer or pattern was closed before or during the call.',
  },
  CANCELLED: {
    retryable: true,
    meaning: 'The broker cancelled a consumer, usually because its queue was deleted.',
  },
  ALREADY_SETTLED: {
    retryable: false,
    meaning: 'A delivery was acknowledged or rejected a second time.',
  },
  ABORTED: { retryable: false, meaning: 'The AbortSignal given by the caller was aborted.' },
  RPC_TIMEOUT: {
    retryable: true,
    meaning: 'A call expired in its queue, or no reply came in time.',
  },
  REMOTE_ERROR: { retryable: false, meaning: 'The remote method failed and said how.' },
  ALREADY_REGISTERED: {
    retryable: false,
    meaning: 'A method of that name, or that function, is registered already.',
  },
  HANDLER_FAILED: { retryable: false, meaning: 'A handler given by the user threw.' },
  UNSUPPORTED_DRIVER: {
    retryable: false,
    meaning: 'The installed driver lacks something that its adapter needs.',
  },
};
