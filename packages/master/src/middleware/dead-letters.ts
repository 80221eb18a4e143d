import { type Clock, LeveretError } from '@leveret/core';
import { attemptsOf, deadQueueOf, epitaphs } from '../dead-letters/letter.ts';
import { isGone, type TaskMover } from '../mover.ts';
import type { TaskNews } from '../news.ts';
import type { FailureOptions } from '../types.ts';
import { verdictOf } from '../verdict.ts';
import type { HandleMiddleware } from './middleware.ts';

/** What keeping dead letters needs. */
export interface DeadLetterParts {
  readonly mover: TaskMover;
  /** What becomes of tasks that fail, where nothing inside decided it. */
  readonly failure: Required<FailureOptions>;
  /** Identity of the worker. */
  readonly worker: string;
  readonly clock: Pick<Clock, 'date'>;
  readonly news: Pick<TaskNews, 'buried'>;
}

/** Keeps tasks that are given up in the queue of their dead letters, with what went wrong. */
export function deadLetters(parts: DeadLetterParts): HandleMiddleware {
  return async (context, next) => {
    const { message, name } = context;
    try {
      await next();
    } catch (error) {
      if (isGone(message)) return;
      const verdict = verdictOf(error, message, parts.failure);
      if (verdict.kind !== 'give-up') throw error;
      const { given } = verdict;
      const { worker, mover } = parts;
      const headers = epitaphs(message, given, { worker, now: parts.clock.date() });
      const attempts = attemptsOf(message, given);
      if (await mover.aside(message, deadQueueOf(name), headers).catch(unmovable))
        parts.news.buried(message, attempts, given);
    }
  };
}

/** Not even its body alone can be published. It is not lost over that: it goes back to its queue. */
function unmovable(error: unknown): never {
  throw new LeveretError('INVALID_MESSAGE', 'no copy of the task can be published', {
    cause: error,
  });
}
