import { describe, expect, it } from 'vitest';
import { LeveretError } from '../errors/leveret-error.ts';
import { type LinkEvent, type LinkState, linkStep } from './machine.ts';
import { linkStory } from './story.ts';

const cause = new LeveretError('CONNECTION_LOST', 'cut');
const error = new LeveretError('CONNECTION_FAILED', 'refused');
const wrong = new LeveretError('ACCESS_REFUSED', 'wrong password');
const at = { host: 'h', port: 1 };
const context = { address: at, spent: 70 };

const connecting: LinkState = { kind: 'connecting', phase: 'attempting', attempt: 3 };
const connected: LinkState = { kind: 'connected', attempt: 1 };
const blocked: LinkState = { kind: 'blocked', attempt: 1, reason: 'memory' };
const away: LinkState = { kind: 'reconnecting', phase: 'attempting', attempt: 2, cause };

function story(before: LinkState, event: LinkEvent, recover = true): readonly unknown[] {
  return linkStory(before, event, linkStep(before, event, { recover }).state, context);
}

describe('the story of a connection tells', () => {
  const lost: LinkEvent = { kind: 'lost', cause, stable: true };
  it.for<[string, LinkState, LinkEvent, readonly unknown[]]>([
    ['the first', connecting, { kind: 'opened' }, [{ type: 'connected', ...at, attempts: 3 }]],
    [
      'a failed attempt',
      connecting,
      { kind: 'failed', error },
      [{ type: 'connect-failed', ...at, attempt: 3, error }],
    ],
    [
      'a failed attempt to come back',
      away,
      { kind: 'failed', error: wrong },
      [{ type: 'connect-failed', ...at, attempt: 2, error: wrong }],
    ],
    [
      'a failure that is final',
      connecting,
      { kind: 'failed', error: wrong },
      [
        { type: 'connect-failed', ...at, attempt: 3, error: wrong },
        { type: 'closed', cause: wrong },
      ],
    ],
    ['a loss', connected, lost, [{ type: 'reconnecting', ...at, cause }]],
    ['a loss while blocked', blocked, lost, [{ type: 'reconnecting', ...at, cause }]],
    [
      'the beginning of a block',
      connected,
      { kind: 'blocked', reason: 'disk' },
      [{ type: 'blocked', reason: 'disk' }],
    ],
    ['its end', blocked, { kind: 'unblocked' }, [{ type: 'unblocked', duration: 70 }]],
    ['closing', connected, { kind: 'close' }, [{ type: 'closed', cause: undefined }]],
    ['nothing of the way back, before the channels are back', away, { kind: 'opened' }, []],
    ['nothing of the next attempt', away, { kind: 'retry due' }, []],
  ])('%s', ([, before, event, told]) => {
    expect(story(before, event)).toEqual(told);
  });

  it('a loss that is final', () => {
    expect(story(connected, lost, false)).toEqual([{ type: 'closed', cause }]);
  });
});
