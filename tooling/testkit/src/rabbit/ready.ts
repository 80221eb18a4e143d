import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

const HOST = '127.0.0.1';
const POLL_MS = 25;
const PROBE_TIMEOUT_MS = 2_000;
/** AMQP 0-9-1 section 4.2.2. */
const PROTOCOL_HEADER = Buffer.from('AMQP\0\0\x09\x01', 'latin1');
const METHOD_FRAME = 1;

/** True when something on `port` accepts a connection and answers like an AMQP broker. */
function probe(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: HOST, noDelay: true });
    const settle = (ready: boolean): void => {
      socket.destroy();
      resolve(ready);
    };
    socket.setTimeout(PROBE_TIMEOUT_MS, () => settle(false));
    socket.once('error', () => settle(false));
    socket.once('end', () => settle(false));
    socket.once('connect', () => socket.write(PROTOCOL_HEADER));
    socket.once('data', (bytes) => settle(bytes[0] === METHOD_FRAME));
  });
}

/** Resolves as soon as `port` of 127.0.0.1 answers the AMQP protocol header, and whoever answers is the right one. */
export async function waitForBroker(
  port: number,
  isRightOne: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  while (!((await probe(port)) && (await isRightOne()))) {
    await pause(POLL_MS, undefined, { signal });
  }
}
