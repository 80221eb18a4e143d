// What the tests with Python set up again and again.

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
