// What all peers do: the same tasks and calls, with the same checks.

/** A task as it is published. */
export interface Task {
  /** From 0 up, each once. */
  readonly task_id: number;
  /** When it was created, by {@link now}. */
  readonly at: number;
  /** What makes it as large as the case wants. */
  readonly text: string;
}

/** Arguments of a call. */
export interface CallArguments {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

/** The right answer to {@link CallArguments}. */
export interface CallResult {
  readonly product: number;
  readonly text: string;
}

/** Milliseconds of a clock that all processes of a machine share. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** A task out of what a peer delivered. */
export function taskOf(body: unknown): Task {
  if (
    typeof body === 'object' &&
    body !== null &&
    'task_id' in body &&
    'at' in body &&
    'text' in body
  ) {
    const { task_id, at, text } = body;
    if (typeof task_id === 'number' && typeof at === 'number' && typeof text === 'string')
      return { task_id, at, text };
  }
  throw new Error(`no task was delivered, but ${JSON.stringify(body)}`);
}

/** The method that is called: it multiplies, and sends back what it was sent. */
export function multiply(args: unknown): CallResult {
  if (typeof args === 'object' && args !== null && 'x' in args && 'y' in args && 'text' in args) {
    const { x, y, text } = args;
    if (typeof x === 'number' && typeof y === 'number' && typeof text === 'string')
      return { product: x * y, text };
  }
  throw new Error(`the method was called with ${JSON.stringify(args)}`);
}

/** Stops a run that computed nonsense fast. */
export function checkResult(result: unknown, { x, y, text }: CallArguments): void {
  if (
    typeof result === 'object' &&
    result !== null &&
    'product' in result &&
    'text' in result &&
    result.product === x * y &&
    typeof result.text === 'string' &&
    result.text.length === text.length
  )
    return;
  throw new Error(`a call gave ${JSON.stringify(result)?.slice(0, 200)} instead of ${x * y}`);
}

const WORDS = 'queue worker order parcel invoice customer street number total paid sent late';

/** So many bytes of ASCII that press about as well as other texts: words in an order of their own. */
export function textOf(size: number): string {
  const words = WORDS.split(' ');
  let seed = 7;
  let text = '';
  while (text.length < size) {
    seed = (seed * 16_807) % 2_147_483_647;
    text += `${words[seed % words.length]}${seed % 97} `;
  }
  return text.slice(0, size);
}
