import { PassThrough } from 'node:stream';
import { deadline } from '@leveret/testkit';
import { describeWithBroker } from '@leveret/testkit/vitest';
import { Connection } from 'rabbitmq-client';
import { describe, expect, it, test } from 'vitest';
import type { WireDelivery } from '../../message/message.ts';
import { rabbitmqClientDriver } from './driver.ts';
import { ProtocolViolation } from './failures.ts';
import { guardFrames } from './frames.ts';
import { deaf, silent, targetOf } from './target.fixture.ts';

/** The payload of a content header whose headers nest 200 arrays, with the closing byte. */
function nested(): Buffer {
  const levels = Buffer.alloc(1000);
  for (let at = 0; at < levels.length; at += 5) {
    levels.write('A', at);
    levels.writeUInt32BE(levels.length - at - 5, at + 1);
  }
  const head = Buffer.alloc(14);
  head.writeUInt16BE(0x2000, 12);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(levels.length + 2);
  return Buffer.concat([head, size, Buffer.from('\x01k'), levels, Buffer.from([0xce])]);
}

function prefixOf(type: number, payload: Buffer): Buffer {
  const prefix = Buffer.from([type, 0, 1, 0, 0, 0, 0]);
  prefix.writeUInt32BE(payload.length - 1, 3);
  return prefix;
}

describe('guardFrames', () => {
  it('takes headers out of content headers only, also where bytes come in pieces', () => {
    const source = new PassThrough();
    const lastHeaders = guardFrames(source, 131_072);
    const bytes = nested();
    const seven = Buffer.from('\x02234567'); // a payload as long as a prefix, and like one
    source.write(Buffer.concat([prefixOf(3, seven), seven, prefixOf(3, bytes), bytes]));
    expect(source.read(7)).toEqual(prefixOf(3, seven));
    expect(source.read(7)).toEqual(seven);
    expect(source.read(7)).toEqual(prefixOf(3, bytes));
    expect(source.read(bytes.length)).toEqual(bytes);
    expect(lastHeaders()).toBeUndefined();
    source.write(prefixOf(2, bytes).subarray(0, 3));
    expect(source.read(7)).toBeNull();
    source.write(prefixOf(2, bytes).subarray(3));
    expect(source.read(7)).toEqual(prefixOf(2, bytes));
    source.write(bytes.subarray(0, 100));
    expect(source.read(bytes.length)).toBeNull();
    source.write(bytes.subarray(100));
    expect(source.read(bytes.length)?.readUInt16BE(12)).toBe(0);
    expect(Object.keys(lastHeaders() ?? {})).toEqual(['x-nested-too-deep']);
    source.write(Buffer.concat([prefixOf(3, seven), seven]));
    source.read(7);
    source.read(7);
    expect(lastHeaders()).toBeUndefined();
  });

  it('lets go of a peer whose headers are malformed', async () => {
    const source = new PassThrough();
    const gone = new Promise((resolve) => source.once('error', resolve));
    guardFrames(source, 131_072);
    const bytes = Buffer.from(nested().fill('Z', 20, 21));
    source.write(Buffer.concat([prefixOf(2, bytes), bytes]));
    source.read(7);
    expect(source.read(bytes.length)).toBeNull();
    expect(await gone).toBeInstanceOf(ProtocolViolation);
  });

  it('takes a content header that is larger than was agreed: headers may outgrow their frame', () => {
    const source = new PassThrough({ highWaterMark: 2 ** 21 });
    const lastHeaders = guardFrames(source, 8192);
    const bytes = Buffer.concat([nested(), Buffer.alloc(100_000), Buffer.from([0xce])]);
    source.write(Buffer.concat([prefixOf(2, bytes), bytes]));
    source.read(7);
    expect(source.read(bytes.length)).toHaveLength(bytes.length);
    expect(Object.keys(lastHeaders() ?? {})).toEqual(['x-nested-too-deep']);
    source.on('error', () => {});
    source.write(prefixOf(2, Buffer.alloc(10)));
    source.read(7);
    expect(source.read(1_048_577)).toBeNull();
  });

  it('lets go of a peer that announces more than was agreed', async () => {
    const source = new PassThrough();
    const gone = new Promise((resolve) => source.once('error', resolve));
    guardFrames(source, 8192);
    expect(source.read(8193)).toBeNull();
    expect(await gone).toBeInstanceOf(ProtocolViolation);
  });
});

describeWithBroker('a message whose headers nest thousands of levels deep', (getUrl) => {
  test('arrives with a placeholder, and the connection lives', async () => {
    const url = getUrl();
    const queue = `deep-${process.pid}-${Date.now()}`;
    const publisher = new Connection({ url, frameMax: 131_072 });
    let levels: unknown[] = [];
    for (let depth = 0; depth < 4000; depth++) levels = [levels];
    const link = await rabbitmqClientDriver.connect(targetOf(url), silent);
    const channel = await link.openChannel(deaf);
    await channel.declareQueue({
      name: queue,
      durable: false,
      exclusive: true,
      autoDelete: false,
      arguments: undefined,
    });
    const received = new Promise<WireDelivery>((resolve, reject) => {
      channel
        .consume({
          queue,
          consumerTag: '',
          noAck: true,
          exclusive: false,
          arguments: undefined,
          deliver: resolve,
        })
        .catch(reject);
    });
    const raw = await publisher.acquire();
    await raw.basicPublish({ routingKey: queue, headers: { levels } }, Buffer.from('body'));
    const message = await deadline(received, 5000, 'delivery');
    expect(String(message.body)).toBe('body');
    expect(Object.keys(message.headers ?? {})).toEqual(['x-nested-too-deep']);
    await raw.close();
    await publisher.close();
    link.destroy();
  });
});
