// What the tests with Python set up again and again.
import type { Channel } from '@leveret/core';
import { onTestFinished } from 'vitest';

/** One of each kind of value that JSON knows, by a name. */
export const EVERYTHING = {
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
export const EVERYTHING_IN_PYTHON = String.raw`{
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

/** Some MiB of text; in Python `"Grüße 🐇 " * 200_000`. */
export const LARGE = 'Grüße 🐇 '.repeat(200_000);

/** Deletes a queue that would outlive the test. */
export function deleteInTheEnd(channel: Channel, name: string): void {
  onTestFinished(async () => {
    await (await channel.getQueue(name, { ensure: false })).delete();
  });
}

/** What a program says once it offers its methods. */
export const READY = 'ready';

/** A program that offers the function `method` as its first argument says, until it is told to end. */
export function registered(method: string, flags = 'durable=True, auto_delete=True'): string {
  return `${method}
rpc = await JsonRPC.create(channel)
await rpc.register(args[0], method, ${flags})
say("${READY}")
await told_to_end()
`;
}
