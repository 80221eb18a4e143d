import type { Socket } from 'node:net';
import { LeveretError, type LeveretErrorCode } from '@leveret/core';
import { type AmqplibConnection, connectionOn, type OpenFields } from './internals.ts';

/** `connection.start`, `open-ok` and `close`: class id in the upper 16 bits, method id in the lower. */
const START = 0x000a_000a;
const OPEN_OK = 0x000a_0029;
const CLOSE = 0x000a_0032;

/** Reply codes of a broker that refuses a connection (AMQP 0-9-1 specification, section 1.2.2). */
const REFUSALS: ReadonlyMap<number, LeveretErrorCode> = new Map([
  [403, 'ACCESS_REFUSED'],
  [530, 'NOT_ALLOWED'],
]);

/**
 * Opens a connection on a connected socket. Errors: `ACCESS_REFUSED` (wrong credentials, or a mechanism that the broker does not
 * offer), `NOT_ALLOWED`, and whatever the library makes of what is no AMQP.
 */
export async function handshake(socket: Socket, fields: OpenFields): Promise<AmqplibConnection> {
  const connection = connectionOn(socket);
  // It would throw where nobody listens.
  connection.on('error', (error) => socket.destroy(error));
  socket.once('close', () => connection.heartbeater?.clear());
  const refusal = watch(connection, fields.mechanism);
  return await new Promise((resolve, reject) => {
    connection.open(fields, (error) => {
      if (error) reject(refusal() ?? error);
      else resolve(connection);
    });
  });
}

/**
 * Looks at the frames of the handshake, and keeps those after it from the library, which would act on them before they can be
 * handed over. Gives what tells why the broker refused, where it did.
 */
function watch(connection: AmqplibConnection, mechanism: string): () => LeveretError | undefined {
  const read = connection.recvFrame.bind(connection);
  let refusal: LeveretError | undefined;
  let isOpen = false;
  connection.recvFrame = () => {
    if (isOpen) return false;
    const frame = read();
    isOpen = frame !== false && frame.id === OPEN_OK;
    const fields = frame ? frame.fields : undefined;
    if (frame && fields) {
      const field = (name: string): string => String(Reflect.get(fields, name));
      if (frame.id === START && !field('mechanisms').split(' ').includes(mechanism))
        refusal = new LeveretError(
          'ACCESS_REFUSED',
          `the broker offers ${field('mechanisms')}, and not ${mechanism}`,
        );
      if (frame.id === CLOSE) refusal = refused(Number(field('replyCode')), field('replyText'));
    }
    return frame;
  };
  return () => refusal;
}

function refused(replyCode: number, text: string): LeveretError {
  const code = REFUSALS.get(replyCode) ?? 'CONNECTION_FAILED';
  return new LeveretError(code, `${text} (reply code ${replyCode})`);
}
