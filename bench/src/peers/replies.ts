/** The calls that wait for a reply, as users of libraries without RPC keep them. */
export interface Replies {
  /** Registers a call and sends it. */
  expect(send: (correlationId: string) => unknown): Promise<unknown>;
  settle(correlationId: unknown, result: unknown): void;
}

export function createReplies(): Replies {
  const pending = new Map<unknown, (result: unknown) => void>();
  let calls = 0;
  return {
    expect: (send) =>
      new Promise((resolve) => {
        const correlationId = String(calls++);
        pending.set(correlationId, resolve);
        send(correlationId);
      }),
    settle(correlationId, result) {
      pending.get(correlationId)?.(result);
      pending.delete(correlationId);
    },
  };
}
