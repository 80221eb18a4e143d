// A service as one would write it: it makes thumbnails. How it is tested stands in thumbnails.test.ts.
import { jsonCodec } from '@leveret/codec-json';
import type { Channel } from '@leveret/core';
import { Master, RejectMessage, type Worker } from '@leveret/master';

type Tasks = { thumbnail: { picture: string; width: number } };

/** Makes one thumbnail, or stops when the signal says that somebody else will. */
export type Shrink = (picture: string, width: number, signal: AbortSignal) => Promise<void>;

/** Three tries, then the task is kept in a queue of its own. */
const options = {
  arguments: {
    'x-queue-type': 'quorum',
    'x-delivery-limit': 2,
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': 'thumbnail.failed',
  },
};

function master(channel: Channel): Master<Tasks> {
  return new Master<Tasks>(channel, { codec: jsonCodec() });
}

/** Makes thumbnails until the worker is closed. */
export async function makeThumbnails(channel: Channel, shrink: Shrink): Promise<Worker> {
  await channel.declareQueue('thumbnail.failed');
  return master(channel).createWorker(
    'thumbnail',
    async ({ picture, width }, { signal }) => {
      if (width < 1) throw new RejectMessage(); // no use in trying again
      await shrink(picture, width, signal);
    },
    { ...options, concurrency: 4 },
  );
}

/** Asks for a thumbnail; resolves once the broker has it in the queue. A picture is of no use after a minute. */
export async function askForThumbnail(
  channel: Channel,
  picture: string,
  width: number,
): Promise<void> {
  await master(channel).createTask('thumbnail', { picture, width }, { expiration: 60_000 });
}
