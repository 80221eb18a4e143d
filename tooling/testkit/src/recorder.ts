import { CallRecorder } from './recorder-calls.ts';
import { GapRecorder } from './recorder-gaps.ts';
import { TaskRecorder } from './recorder-tasks.ts';

/** Accounts for everything that was sent and made in a run. */
export interface Recorder {
  readonly tasks: TaskRecorder;
  readonly calls: CallRecorder;
  readonly gaps: GapRecorder;
}

/**
 * Creates an empty recorder. It holds some forty bytes for each message and no object, so a run may have millions.
 *
 * @param callTimeout that of every call, in milliseconds
 * @example
 * const { tasks } = createRecorder();
 * tasks.created(0);
 * tasks.confirmed(0);
 * expect(tasks.summary().lost).toBe(1); // until `tasks.handled(0)`
 */
export function createRecorder(callTimeout = 30_000): Recorder {
  return {
    tasks: new TaskRecorder(),
    calls: new CallRecorder(callTimeout),
    gaps: new GapRecorder(),
  };
}
