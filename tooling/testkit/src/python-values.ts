// Values that tests with Python send either way, in both languages.
import { onTestFinished } from 'vitest';

/** One of each kind of value that JSON knows, by a name. */
export const EVERYTHING: Readonly<Record<string, unknown>> = {
  nothing: null,
  yes: true,
  no: false,
  zero: 0,
  negative: -7,
  largest: 2 ** 53 - 1,
  fraction: -0.1,
  huge: 1.5e300,
  empty: '',
  text: 'Grüße, 世界 🐇 "\\/\n\u0000',
  list: [1, 'two', [3, []], {}],
  nested: { 'a key with 🐇': [{ and: { deeper: null } }] },
};

/** The same in Python. */
export const EVERYTHING_IN_PYTHON: string = String.raw`{
    "nothing": None,
    "yes": True,
    "no": False,
    "zero": 0,
    "negative": -7,
    "largest": 2 ** 53 - 1,
    "fraction": -0.1,
    "huge": 1.5e300,
    "empty": "",
    "text": "Grüße, 世界 🐇 \"\\/\n\0",
    "list": [1, "two", [3, []], {}],
    "nested": {"a key with 🐇": [{"and": {"deeper": None}}]},
}`;

/** The types that they have in Python. */
export const PYTHON_TYPES: Readonly<Record<string, string>> = {
  nothing: 'NoneType',
  yes: 'bool',
  no: 'bool',
  zero: 'int',
  negative: 'int',
  largest: 'int',
  fraction: 'float',
  huge: 'float',
  empty: 'str',
  text: 'str',
  list: 'list',
  nested: 'dict',
};

/** Some MiB of text; in Python `"Grüße 🐇 " * 200_000`. */
export const LARGE: string = 'Grüße 🐇 '.repeat(200_000);

/** Where queues are found, as far as it is needed here. */
interface QueueFinder {
  getQueue(name: string, options: { ensure: false }): Promise<{ delete(): Promise<unknown> }>;
}

/** Deletes a queue that would outlive the test. */
export function deleteInTheEnd(channel: QueueFinder, name: string): void {
  onTestFinished(async () => {
    await (await channel.getQueue(name, { ensure: false })).delete();
  });
}
