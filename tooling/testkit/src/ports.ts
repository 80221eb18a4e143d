import { once } from 'node:events';
import { createServer } from 'node:net';
import { TestkitError } from './errors.ts';

/** A server on the loopback interface, on a port that the system chose. */
async function bindAny(): Promise<{ port: number; release: () => Promise<void> }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new TestkitError('the system gave no TCP port');
  }
  const release = async (): Promise<void> => {
    server.close();
    await once(server, 'close');
  };
  return { port: address.port, release };
}

/** One TCP port that was free on 127.0.0.1 a moment ago. Another program may take it first: be ready to retry. */
export async function freePort(): Promise<number> {
  const { port, release } = await bindAny();
  await release();
  return port;
}
