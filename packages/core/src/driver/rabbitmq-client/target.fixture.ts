import type { DriverChannelEvents, DriverConnectionEvents, DriverTarget } from '../driver.ts';

/** Events of a connection that nobody listens to. */
export const silent: DriverConnectionEvents = {
  lost: () => {},
  blocked: () => {},
  unblocked: () => {},
};

/** Events of a channel that nobody listens to. */
export const deaf: DriverChannelEvents = {
  ended: () => {},
  confirmed: () => {},
  returned: () => {},
  cancelled: () => {},
  writable: () => {},
};

/** The broker at a URL, as its first user. */
export function targetOf(url: string): DriverTarget {
  const { hostname, port } = new URL(url);
  return {
    host: hostname,
    port: Number(port),
    vhost: '/',
    username: 'guest',
    password: 'guest',
    tls: undefined,
    heartbeat: 10,
    frameMax: 131_072,
    channelMax: 10,
    connectionName: undefined,
    timeout: 5000,
  };
}
