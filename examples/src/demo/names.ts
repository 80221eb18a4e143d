/** The task queue of a run. */
export type TaskName = `leveret-demo.task.${string}`;

/** The method of a run. */
export type MethodName = `leveret-demo.multiply.${string}`;

/** What the master creates and the workers work off. */
export type Tasks = { [name: TaskName]: { id: number } };

/** What the callees offer. */
export type Api = { [name: MethodName]: (args: { x: number; y: number }) => number };

// Gone with their last consumer, and after a minute where none ever came: nothing stays on the broker.
export const QUEUE = { autoDelete: true, arguments: { 'x-expires': 60_000 } } as const;

export function taskName(run: string): TaskName {
  return `leveret-demo.task.${run}`;
}

export function methodName(run: string): MethodName {
  return `leveret-demo.multiply.${run}`;
}
