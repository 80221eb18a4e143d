import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { listenAnywhere } from '../ports.ts';
import {
  found,
  listing,
  nameTaken,
  notFound,
  type Registration,
  readRequest,
  registered,
} from './mapper-protocol.ts';

/** The nodes that port mappers know, by name. Mappers of one cluster share it, so its nodes find each other. */
export type NodeDirectory = Map<string, Registration>;

/** What a port mapper does differently from epmd. */
export interface PortMapperOptions {
  /** Who is registered; a directory of its own unless given. */
  readonly directory?: NodeDirectory;
  /** The port that who asks for the node `name` is sent to, or undefined to hide it; the node's own unless given. */
  readonly route?: (name: string, port: number) => number | undefined;
}

/** A running port mapper. */
export interface PortMapper extends AsyncDisposable {
  /** Where nodes ask, on 127.0.0.1: the value of ERL_EPMD_PORT. */
  readonly port: number;
}

/**
 * Starts a port mapper as `epmd` is one, the program that tells Erlang nodes at which port to find each other. This one
 * lives in this process, and can send nodes to a proxy. It does not keep the process alive.
 */
export async function startPortMapper(options: PortMapperOptions = {}): Promise<PortMapper> {
  const { directory = new Map(), route = (_name, port) => port } = options;
  const sockets = new Set<Socket>();
  let creation = 0;
  let ownPort = 0;

  /** A node is registered as long as its connection lasts. */
  const register = (socket: Socket, registration: Registration): void => {
    const { name } = registration;
    if (directory.has(name)) {
      socket.end(nameTaken(registration));
      return;
    }
    directory.set(name, registration);
    socket.once('close', () => directory.delete(name));
    creation += 1;
    socket.write(registered(registration, creation));
  };

  const lookUp = (name: string): Buffer => {
    const registration = directory.get(name);
    if (registration === undefined) return notFound();
    const port = route(name, registration.port);
    return port === undefined ? notFound() : found(registration, port);
  };

  const serve = (socket: Socket, bytes: Buffer): boolean => {
    const request = readRequest(bytes);
    switch (request?.kind) {
      case undefined:
        return false;
      case 'register':
        register(socket, request.registration);
        return true;
      case 'lookUp':
        socket.end(lookUp(request.name));
        return true;
      case 'list':
        socket.end(listing(ownPort, directory.values()));
        return true;
      case 'unknown':
        socket.destroy();
        return true;
    }
  };

  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.unref();
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
    let received: Buffer = Buffer.alloc(0);
    let served = false;
    socket.on('data', (bytes: Buffer) => {
      if (served) return;
      received = Buffer.concat([received, bytes]);
      served = serve(socket, received);
    });
  });
  server.unref();
  ownPort = await listenAnywhere(server);
  return {
    port: ownPort,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
