import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The embedded broker in a process of its own, as RabbitMQ has one. */
export async function startEmbedded(): Promise<{ readonly url: string } & AsyncDisposable> {
  const script = fileURLToPath(new URL('./embedded-process.js', import.meta.url));
  const child = fork(script);
  const [url] = await once(child, 'message');
  return {
    url: String(url),
    [Symbol.asyncDispose]: async () => {
      child.disconnect();
      await once(child, 'exit');
    },
  };
}
