import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { TestkitError } from './errors.ts';

/**
 * Has a server listen on a free port of 127.0.0.1 and returns that port.
 *
 * @throws TestkitError when the system gives none.
 */
export async function listenAnywhere(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new TestkitError('the system gave no TCP port');
  }
  return address.port;
}

/** One TCP port that was free on 127.0.0.1 a moment ago. Another program may take it first: be ready to retry. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listenAnywhere(server);
  server.close();
  await once(server, 'close');
  return port;
}
