/** What can go wrong with a broker, as opposed to what its clients are refused. */
export type BrokerErrorCode =
  /** An option is not acceptable; the message names it, its value and the rule. */
  | 'INVALID_ARGUMENT'
  /** The port could not be listened on; `cause` is the system's error. */
  | 'LISTEN_FAILED'
  /** What was waited for did not come in time. */
  | 'TIMEOUT'
  /** The broker was closed. */
  | 'CLOSED';

/** The error of this package. The code stands in the message as well. */
export class BrokerError extends Error {
  /** Always `BrokerError`. */
  override readonly name = 'BrokerError';
  /** What went wrong; decide by this, not by the text. */
  readonly code: BrokerErrorCode;

  constructor(code: BrokerErrorCode, message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.code = code;
  }
}
