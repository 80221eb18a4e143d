import assert from 'node:assert/strict';
import { PROTOCOL_HEADER } from '../../amqp/frames.ts';
import type { BrokerCase, Suite } from './suite.ts';

/** The handshake, and the end of a connection. */
export function connectingCases({ onSocket, onConnection }: Suite): BrokerCase[] {
  return [
    onSocket('a wrong protocol header is answered with the right one', async (socket) => {
      socket.write(Buffer.from('HTTP/1.1'));
      assert.deepEqual(await socket.expectHeader(), PROTOCOL_HEADER);
    }),
    onConnection('a client that closes is answered', async (connection) => {
      await connection.close();
    }),
  ];
}
