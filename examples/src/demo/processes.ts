import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { isReport, type Order, type Report } from './messages.ts';

/** A process that the demo started. */
export interface DemoProcess {
  readonly label: string;
  /** Tells it to start; resolves when it is ready. */
  start(url: string, run: string): Promise<void>;
  /** Calls `listener` with all that it reports. */
  onReport(listener: (report: Report) => void): void;
}

/** The processes of the demo. Disposing kills those that run still. */
export class Processes implements AsyncDisposable {
  readonly #children = new Set<ChildProcess>();
  /** Rejects as soon as one of them fails or ends untold. Never resolves. */
  readonly failure: Promise<never>;
  #fail: (error: Error) => void = () => {};
  #stopping = false;

  constructor() {
    this.failure = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.failure.catch(() => {}); // it may fail when nobody listens any more
  }

  /** Starts `count` processes of `file`, which is beside this one. */
  fork(kind: string, file: string, count: number): readonly DemoProcess[] {
    return Array.from({ length: count }, (_, index) => this.#fork(`${kind} ${index + 1}`, file));
  }

  /** Tells all to come to an end, and waits until they have. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(
      Array.from(this.#children, (child) => {
        send(child, { kind: 'stop' });
        return once(child, 'exit');
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    await Promise.all(
      Array.from(this.#children, (child) => {
        child.kill('SIGKILL');
        return once(child, 'exit');
      }),
    );
  }

  #fork(label: string, file: string): DemoProcess {
    const child = fork(new URL(file, import.meta.url));
    this.#children.add(child);
    child.once('error', (cause) => {
      if (child.pid === undefined) this.#children.delete(child);
      this.#fail(new Error(`${label} failed`, { cause }));
    });
    child.once('exit', (code, signal) => {
      this.#children.delete(child);
      if (!this.#stopping)
        this.#fail(new Error(`${label} ended (${signal ?? `exit code ${code}`})`));
    });
    const onReport = (listener: (report: Report) => void): void => {
      child.on('message', (value) => {
        if (isReport(value)) listener(value);
      });
    };
    onReport((report) => {
      if (report.kind === 'failed') this.#fail(new Error(`${label}: ${report.message}`));
    });
    return {
      label,
      onReport,
      start: (url, run) => start(child, onReport, { kind: 'start', url, run }),
    };
  }
}

function start(
  child: ChildProcess,
  onReport: DemoProcess['onReport'],
  order: Order,
): Promise<void> {
  return new Promise((resolve) => {
    onReport(({ kind }) => {
      if (kind === 'ready') resolve();
    });
    send(child, order);
  });
}

function send(child: ChildProcess, order: Order): void {
  // One that is gone hears nothing; that it went is told by its exit.
  if (child.connected) child.send(order, () => {});
}
