import type { Clock } from '@leveret/core';
import { deadQueueOf, epitaphs } from '../dead-letters/letter.ts';
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
  /** Declares the queue of the dead letters, which somebody may have deleted. */
  readonly declare: () => Promise<unknown>;
}

/** Keeps tasks that are given up in the queue of their dead letters, with what went wrong. */
export function deadLetters(parts: DeadLetterParts): HandleMiddleware {
  return async (context, next) => {
    const { message, name } = context;
    try {
      await next();
    } catch (error) {
      if (isGone(message)) throw error;
      const verdict = verdictOf(error, message, parts.failure);
      if (verdict.kind !== 'give-up') throw error;
      const { given } = verdict;
      const { worker, mover } = parts;
      const headers = epitaphs(message, given, { worker, now: parts.clock.date() });
      const moved = await mover.aside(message, deadQueueOf(name), headers, parts.declare);
      if (moved === 'moved') parts.news.buried(message, given);
    }
  };
}
