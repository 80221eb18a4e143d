import { describe, expect, it } from 'vitest';
import type { Field } from '../../base/field.ts';
import { type Profile, profiles } from '../../base/profile.ts';
import { int, text, yes } from './queue.fixture.ts';
import {
  comparedArguments,
  type QueueArguments,
  type QueueSpec,
  queueArguments,
} from './queue-arguments.ts';

type Args = Readonly<Record<string, Field>>;

function parse(
  args: Args,
  spec: Partial<QueueSpec> = {},
  profile: Profile = '3.10',
): QueueArguments {
  const whole: QueueSpec = {
    vhost: '/',
    name: 'q',
    durable: true,
    autoDelete: false,
    owner: undefined,
    arguments: new Map(Object.entries(args)),
    ...spec,
  };
  return queueArguments(whole, profiles[profile]);
}

const quorum = { 'x-queue-type': text('quorum') };

describe('queueArguments', () => {
  it('takes a queue without arguments for a classic one without limits', () => {
    expect(parse({})).toEqual({
      type: 'classic',
      expires: undefined,
      messageTtl: undefined,
      maxLength: undefined,
      maxLengthBytes: undefined,
      overflow: 'drop-head',
      deadLetterExchange: undefined,
      deadLetterRoutingKey: undefined,
      maxPriority: 0,
      singleActiveConsumer: false,
      deliveryLimit: undefined,
    });
  });

  it('reads every argument that has an effect', () => {
    const args = parse({
      'x-expires': int(1),
      'x-message-ttl': { type: 'l', value: 2n },
      'x-max-length': { type: 'b', value: 3 },
      'x-max-length-bytes': { type: 'u', value: 4 },
      'x-overflow': text('reject-publish-dlx'),
      'x-dead-letter-exchange': text('dlx'),
      'x-dead-letter-routing-key': text('dead'),
      'x-max-priority': int(5),
      'x-single-active-consumer': yes,
    });
    expect(args).toEqual({
      type: 'classic',
      expires: 1,
      messageTtl: 2,
      maxLength: 3,
      maxLengthBytes: 4,
      overflow: 'reject-publish-dlx',
      deadLetterExchange: 'dlx',
      deadLetterRoutingKey: 'dead',
      maxPriority: 5,
      singleActiveConsumer: true,
      deliveryLimit: undefined,
    });
  });

  const accepted: readonly (readonly [string, Args])[] = [
    ['a TTL of zero', { 'x-message-ttl': int(0) }],
    ['a TTL of ten years', { 'x-message-ttl': { type: 'l', value: 315_360_000_000n } }],
    ['a length of zero', { 'x-max-length': int(0), 'x-max-length-bytes': int(0) }],
    ['queue modes and versions', { 'x-queue-mode': text('lazy'), 'x-queue-version': int(2) }],
    ['any master locator', { 'x-queue-master-locator': text('min-masters') }],
    ['unknown arguments', { 'x-unknown': { type: 'A', value: [] }, other: int(1) }],
    ['a delivery limit', { ...quorum, 'x-delivery-limit': int(5) }],
    [
      'dead-lettering at least once',
      {
        ...quorum,
        'x-dead-letter-exchange': text('dlx'),
        'x-dead-letter-strategy': text('at-least-once'),
        'x-overflow': text('reject-publish'),
      },
    ],
    [
      'quorum sizes and in-memory limits',
      { ...quorum, 'x-quorum-initial-group-size': int(3), 'x-max-in-memory-length': int(0) },
    ],
  ];
  it.each(accepted)('accepts %s', (_, args) => {
    expect(() => parse(args)).not.toThrow();
  });

  const refused: readonly (readonly [string, Args])[] = [
    [`'x-expires' for queue 'q' in vhost '/': {value_zero,0}`, { 'x-expires': int(0) }],
    [`'x-expires' for queue 'q' in vhost '/': {value_negative,-1}`, { 'x-expires': int(-1) }],
    [
      `'x-message-ttl' for queue 'q' in vhost '/': "expected integer, got longstr"`,
      { 'x-message-ttl': text('1') },
    ],
    [`{value_too_large,315360000001}`, { 'x-message-ttl': { type: 'l', value: 315_360_000_001n } }],
    [`{value_negative,-1}`, { 'x-max-length': int(-1) }],
    [`"expected integer, got double"`, { 'x-max-length-bytes': { type: 'd', value: 1 } }],
    [`invalid_overflow`, { 'x-overflow': text('drop-tail') }],
    [`{unacceptable_type,bool}`, { 'x-dead-letter-exchange': yes }],
    [`routing_key_but_no_dlx_defined`, { 'x-dead-letter-routing-key': text('k') }],
    [
      `longer than 255 bytes`,
      { 'x-dead-letter-exchange': text(''), 'x-dead-letter-routing-key': text('k'.repeat(256)) },
    ],
    [`{max_value_exceeded,256}`, { 'x-max-priority': int(256) }],
    [`{unacceptable_type,longstr}`, { 'x-single-active-consumer': text('true') }],
    [`"unsupported queue mode 'odd'"`, { 'x-queue-mode': text('odd') }],
    [`"unsupported queue version '3'"`, { 'x-queue-version': int(3) }],
    [`"unsupported queue type 'odd'"`, { 'x-queue-type': text('odd') }],
    [
      `'x-queue-type' for queue 'q' in vhost '/': {unacceptable_type,signedint}`,
      { 'x-queue-type': int(1) },
    ],
    [`of queue type rabbit_quorum_queue`, { ...quorum, 'x-max-priority': int(5) }],
    [`of queue type rabbit_quorum_queue`, { ...quorum, 'x-queue-mode': text('lazy') }],
    [`invalid_dlx_strategy`, { ...quorum, 'x-dead-letter-strategy': text('never') }],
    [`{value_zero,0}`, { ...quorum, 'x-quorum-initial-group-size': int(0) }],
    [`invalid_queue_locator_arg`, { ...quorum, 'x-queue-leader-locator': text('here') }],
    [
      `'x-delivery-limit' for queue 'q' in vhost '/' of queue type rabbit_classic_queue`,
      { 'x-delivery-limit': int(5) },
    ],
    [
      `'x-max-age' for queue 'q' in vhost '/' of queue type rabbit_classic_queue`,
      { 'x-max-age': text('1D') },
    ],
  ];
  it.each(refused)('refuses with 406: %s', (words, args) => {
    expect(() => parse(args)).toThrow(
      expect.objectContaining({ code: 406, message: expect.stringContaining(words) }),
    );
  });

  it('refuses streams with 540', () => {
    expect(() => parse({ 'x-queue-type': text('stream') })).toThrow(
      expect.objectContaining({ code: 540 }),
    );
  });

  it.each([
    ['auto-delete', { autoDelete: true }],
    ['exclusive-owner', { owner: { name: 'connection' }, durable: false }],
    ['non-durable', { durable: false }],
  ])('refuses a quorum queue that is %s', (property, spec) => {
    const message = `PRECONDITION_FAILED - invalid property '${property}' for queue 'q' in vhost '/'`;
    expect(() => parse(quorum, spec)).toThrow(expect.objectContaining({ code: 406, message }));
  });

  it.each([
    ['3.10', undefined, 0],
    ['4.0', 20, 1],
    ['4.3', 20, 31],
  ] as const)(
    'gives quorum queues the delivery limit and priorities of %s',
    (profile, limit, maxPriority) => {
      expect(parse(quorum, {}, profile)).toMatchObject({
        type: 'quorum',
        deliveryLimit: limit,
        maxPriority,
      });
    },
  );

  it('takes a negative delivery limit for none', () => {
    expect(
      parse({ ...quorum, 'x-delivery-limit': int(-1) }, {}, '4.0').deliveryLimit,
    ).toBeUndefined();
  });

  it('lets quorum queues drop the head where reject-publish-dlx is asked for, which they do not know', () => {
    expect(parse({ ...quorum, 'x-overflow': text('reject-publish-dlx') }).overflow).toBe(
      'drop-head',
    );
  });
});

describe('comparedArguments', () => {
  it('names the arguments that the type of queue takes', () => {
    expect(comparedArguments('classic', profiles['3.10'])).toContain('x-max-priority');
    expect(comparedArguments('classic', profiles['3.10'])).not.toContain('x-delivery-limit');
    expect(comparedArguments('quorum', profiles['3.10'])).toContain('x-delivery-limit');
    expect(comparedArguments('quorum', profiles['3.10'])).not.toContain('x-max-priority');
  });
});

describe('the arguments of a classic queue by version', () => {
  const ok = undefined;
  it.each([
    ['x-queue-type', text(''), [406, 406, ok]],
    ['x-queue-mode', text('bogus'), [406, 406, ok]],
    ['x-queue-version', int(1), [ok, ok, 406]],
    ['x-queue-version', int(2), [ok, ok, ok]],
    ['x-queue-leader-locator', text('client-local'), [406, ok, ok]],
    ['x-queue-leader-locator', text('bogus'), [406, 406, 406]],
    ['x-queue-master-locator', text('min-masters'), [ok, ok, 541]],
    ['x-consumer-timeout', int(1), [ok, ok, 406]],
    ['x-stream-filter-size-bytes', int(1), [ok, ok, 406]],
  ] as const)('%s %j', (name, value, codes) => {
    for (const [index, profile] of (['3.10', '4.0', '4.3'] as const).entries()) {
      const declaring = expect(() => parse({ [name]: value }, {}, profile));
      const code = codes[index];
      if (code === undefined) declaring.not.toThrow();
      else declaring.toThrow(expect.objectContaining({ code }));
    }
  });
});
