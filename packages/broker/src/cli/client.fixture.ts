import { Peer } from '../net/peer.fixture.ts';

/**
 * Connects, declares a queue, publishes two messages to it and one to nowhere, gets both and acknowledges the first.
 * Resolves once all that was answered, with the connection still open.
 */
export async function visit(url: string): Promise<Peer> {
  const { hostname, port, username, password, pathname } = new URL(url);
  const peer = await Peer.open(
    { host: hostname, port: Number(port) },
    {
      user: decodeURIComponent(username),
      password: decodeURIComponent(password),
      vhost: decodeURIComponent(pathname.slice(1)) || '/',
    },
  );
  const { queue } = (await peer.queue('', { durable: false, exclusive: true })).fields;
  for (const routingKey of [queue, queue, 'nowhere'])
    peer.publish(1, { routingKey, mandatory: true });
  await peer.next('basic.return');
  const first = await peer.call(1, 'basic.get', 'basic.get-ok', { queue });
  peer.send(1, 'basic.ack', { deliveryTag: first.fields.deliveryTag });
  await peer.call(1, 'basic.get', 'basic.get-ok', { queue });
  return peer;
}
