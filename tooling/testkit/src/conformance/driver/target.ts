import type { ChannelEvents, LinkEvents, Target } from './port.ts';

/** Where the broker of `url` is, with what the suite asks for unless told otherwise. */
export function targetOf(url: string, changes: Partial<Target> = {}): Target {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    host: hostname,
    port: Number(port || 5672),
    vhost: decodeURIComponent(pathname.slice(1)) || '/',
    username: decodeURIComponent(username) || 'guest',
    password: decodeURIComponent(password) || 'guest',
    tls: undefined,
    heartbeat: 10,
    frameMax: 131_072,
    channelMax: 2047,
    connectionName: 'driver conformance',
    timeout: 10_000,
    ...changes,
  };
}

/** Events of a connection that nobody listens to. */
export const silent: LinkEvents = {
  lost: () => {},
  blocked: () => {},
  unblocked: () => {},
};

/** Events of a channel that nobody listens to. */
export const deaf: ChannelEvents = {
  ended: () => {},
  confirmed: () => {},
  returned: () => {},
  cancelled: () => {},
  writable: () => {},
};
