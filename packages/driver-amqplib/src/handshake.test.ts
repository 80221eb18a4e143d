import { connect } from '@leveret/core';
import { HEADER, HostileBroker, long, say, short, start, u8, u16 } from '@leveret/testkit/hostile';
import { describe, expect, test } from 'vitest';
import { amqplibDriver } from './driver.ts';

const driver = amqplibDriver();

describe('on amqplib, a handshake', () => {
  test('with a server that offers no mechanism is ACCESS_REFUSED', async () => {
    await using broker = await HostileBroker.start({ [HEADER]: say(start(Buffer.alloc(0), '')) });
    const connecting = connect(broker.url, { driver });
    await expect(connecting).rejects.toMatchObject({ code: 'ACCESS_REFUSED' });
  });

  test('tells what the server says of itself, timestamps as dates', async () => {
    const field = (name: string, type: string, value: Buffer): Buffer =>
      Buffer.concat([short(name), Buffer.from(type), value]);
    const table = Buffer.concat([
      field('product', 'S', long('Hare')),
      field('since', 'T', Buffer.concat([u16(0), u16(0), u16(0), u16(60)])),
      field('list', 'A', long(Buffer.concat([Buffer.from('t'), u8(1), Buffer.from('V')]))),
      field('capabilities', 'F', long(field('basic.nack', 't', u8(1)))),
      field('bytes', 'x', long(Buffer.of(1, 2))),
    ]);
    await using broker = await HostileBroker.start({ [HEADER]: say(start(table)) });
    await using connection = await connect(broker.url, { driver });
    expect(connection.serverProperties).toEqual({
      product: 'Hare',
      since: new Date(60_000),
      list: [true, null],
      capabilities: { 'basic.nack': true },
      bytes: Buffer.of(1, 2),
    });
  });
});
