import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { TestkitError } from './errors.ts';
import { listenAnywhere } from './ports.ts';

/** A door in the process that owns the test broker. The first one who asks has it started. */
export interface BrokerGate extends AsyncDisposable {
  /** Port on 127.0.0.1, for `askBrokerGate`. */
  readonly port: number;
}

const URL_LINE = 'url ';

/**
 * Opens a gate which calls `start` at the first request and answers every request with the URL that it gave, or with
 * the error.
 */
export async function openBrokerGate(start: () => Promise<string>): Promise<BrokerGate> {
  let answer: Promise<string> | undefined;
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    answer ??= start().then(
      (url) => `${URL_LINE}${url}`,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    void answer.then((line) => socket.end(line));
  });
  const port = await listenAnywhere(server);
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await answer;
    },
  };
}

/**
 * The URL of the broker behind a gate; resolves when the broker is up.
 *
 * @throws TestkitError when the broker could not be started.
 */
export async function askBrokerGate(port: number): Promise<string> {
  const answer = await text(connect({ port, host: '127.0.0.1' }));
  if (!answer.startsWith(URL_LINE)) {
    throw new TestkitError(`the test broker did not start: ${answer}`);
  }
  return answer.slice(URL_LINE.length);
}
