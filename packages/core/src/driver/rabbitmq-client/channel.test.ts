import net from 'node:net';
import { deadline, startTcpProxy } from '@leveret/testkit';
import { deaf, silent, targetOf } from '@leveret/testkit/driver';
import { describeWithBroker } from '@leveret/testkit/vitest';
import { expect, test } from 'vitest';
import { nowhere } from '../../message/messages.fixture.ts';
import { rabbitmqClientDriver } from './driver.ts';

/** The sizes of the frames that a client sent, framing included. */
function frameSizes(bytes: Buffer): number[] {
  const sizes: number[] = [];
  for (let at = 8; at + 7 <= bytes.length; at += sizes.at(-1) ?? 0)
    sizes.push(bytes.readUInt32BE(at + 3) + 8);
  return sizes;
}

/** Hands everything on to a broker, and keeps what the client says. */
async function wiretap(port: number, host: string) {
  const heard: Buffer[] = [];
  const server = net.createServer((client) => {
    const broker = net.connect(port, host);
    client.on('data', (bytes) => heard.push(Buffer.from(bytes)));
    client.on('error', () => broker.destroy()).on('close', () => broker.destroy());
    broker.on('error', () => client.destroy()).on('close', () => client.destroy());
    client.pipe(broker).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const own = typeof address === 'object' && address ? address.port : 0;
  return { port: own, sizes: () => frameSizes(Buffer.concat(heard)), server };
}

describeWithBroker('a channel', (getUrl) => {
  test('is congested until all that was published has left for the network, and tells when it has', async () => {
    const target = targetOf(getUrl());
    await using proxy = await startTcpProxy({ host: target.host, port: target.port });
    const there = { ...target, host: '127.0.0.1', port: proxy.port };
    const link = await rabbitmqClientDriver.connect(there, silent);
    proxy.limitRate(20_000_000);
    let first = (): void => {};
    const drained = new Promise<void>((resolve) => {
      first = resolve;
    });
    const seen: boolean[] = [];
    const channel = await link.openChannel({
      ...deaf,
      writable: () => {
        seen.push(channel.congested);
        first();
      },
    });
    for (let sent = 0; sent < 30; sent++) channel.publish(nowhere(1_000_000));
    expect(channel.congested).toBe(true);
    await deadline(drained, 4000, 'drain');
    expect(seen[0]).toBe(false);
    link.destroy();
  });

  test('sends no frame larger than agreed', async () => {
    const target = targetOf(getUrl());
    const tap = await wiretap(target.port, target.host);
    const there = { ...target, host: '127.0.0.1', port: tap.port };
    const link = await rabbitmqClientDriver.connect(there, silent);
    const channel = await link.openChannel(deaf);
    channel.publish(nowhere(400_000));
    await channel.checkExchange('amq.direct');
    expect(Math.max(...tap.sizes())).toBe(link.frameMax);
    link.destroy();
    tap.server.close();
  });
});
