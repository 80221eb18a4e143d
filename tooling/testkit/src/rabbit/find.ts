import { accessSync, constants, realpathSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';

// Debian's commands on PATH are wrappers that switch to the user `rabbitmq`; the programs behind them do not.
const LIBRARY_FOLDERS = ['/usr/lib/rabbitmq/bin', '/opt/homebrew/sbin', '/usr/local/sbin'];
const WRAPPER = 'rabbitmq-script-wrapper';

/** Where the programs are. */
export interface RabbitPrograms {
  readonly server: string;
  readonly ctl: string;
  readonly erlCall: string;
  /** The value of PATH that they run with. */
  readonly path: string;
}

/** Where to look: PATH, as this process has it. */
function pathFolders(): readonly string[] {
  const { PATH = '' } = process.env;
  return PATH.split(delimiter).filter((folder) => folder !== '');
}

/** The first of `folders` that holds the executable `name`, as a full path. */
function findIn(folders: readonly string[], name: string): string | undefined {
  return folders
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return basename(realpathSync(file)) !== WRAPPER;
      } catch {
        return false;
      }
    });
}

/** The full path of the program `rabbitmq-server`, or undefined where it is not installed. Never throws. */
export function findRabbitServer(): string | undefined {
  return findIn([...LIBRARY_FOLDERS, ...pathFolders()], 'rabbitmq-server');
}

/** The full path of `erl_call`, which comes with Erlang and asks its nodes, or undefined. Never throws. */
export function findErlCall(): string | undefined {
  return findIn([...pathFolders(), '/usr/lib/erlang/bin'], 'erl_call');
}
