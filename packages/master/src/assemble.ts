import type { Channel, Clock, CodecSet, Queue } from '@leveret/core';
import { newTally } from './counters.ts';
import type { Delays } from './delay/delays.ts';
import { deadLetters } from './middleware/dead-letters.ts';
import type { HandleMiddleware } from './middleware/middleware.ts';
import { RateLimiter } from './middleware/rate-limit.ts';
import { retry } from './middleware/retry.ts';
import { StuckHandlers, timeout } from './middleware/timeout.ts';
import { TaskMover } from './mover.ts';
import { TaskNews } from './news.ts';
import { TaskRunner } from './runner.ts';
import type { TaskHandler } from './types.ts';
import { Worker } from './worker.ts';
import type { WorkerRules } from './worker-rules.ts';

/** What a worker is assembled from. */
export interface WorkerKit<Payload> {
  readonly name: string;
  readonly channel: Channel;
  readonly clock: Clock;
  readonly codecs: CodecSet;
  readonly delays: Delays;
  readonly handler: TaskHandler<Payload>;
  readonly isPayload: (value: unknown) => value is Payload;
  readonly rules: WorkerRules;
  /** Declares the queue of the dead letters. */
  readonly declareDeadQueue: () => Promise<unknown>;
  /** Of the master, outside of that of the worker. */
  readonly middleware: readonly HandleMiddleware[];
}

/** A worker that is put together and does not work yet. */
export interface AssembledWorker {
  /** Starts it. Errors: those of consuming. */
  start(queue: Queue): Promise<Worker>;
}

/**
 * Puts the pieces of a worker into their order. From the outside in: dead letters, retry, decoding, rate limit, timeout,
 * the middleware of users, the handler. Errors: `INVALID_ARGUMENT`.
 */
export function assemble<Payload>(kit: WorkerKit<Payload>): AssembledWorker {
  const { name, channel, clock, delays, rules } = kit;
  const { failure, workerId } = rules;
  const tally = newTally();
  const news = new TaskNews(channel, name, tally);
  const mover = new TaskMover({ queue: name, channel, delays, clock });
  const limiter = rules.rateLimit && new RateLimiter(rules.rateLimit, clock);
  const stuck = new StuckHandlers();
  const outer: HandleMiddleware[] = [];
  if (rules.deadLetters)
    outer.push(
      deadLetters({ mover, failure, news, clock, worker: workerId, declare: kit.declareDeadQueue }),
    );
  if (rules.retry !== undefined) outer.push(retry(rules.retry, { mover, clock, news }));
  const inner: HandleMiddleware[] = [];
  if (limiter) inner.push(limiter.middleware);
  if (rules.timeout) inner.push(timeout(rules.timeout, { clock, stuck, news }));
  inner.push(...kit.middleware, ...rules.middleware);
  const runner = new TaskRunner<Payload>({ ...kit, mover, news, tally, failure, outer, inner });
  return {
    start: async (queue) =>
      Worker.make({
        name,
        id: workerId,
        consumer: await queue.consume((message) => runner.handle(message), rules.consume),
        counters: tally,
        limiter,
        stuck,
        maxStuck: rules.maxStuck,
        autoDelete: rules.queue.autoDelete === true,
        lastDelivery: () => runner.lastDelivery,
      }),
  };
}
