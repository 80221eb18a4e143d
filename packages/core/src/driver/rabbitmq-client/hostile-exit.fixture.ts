import { connect } from '../../entities/connection.ts';
import { systemClock } from '../../internal/clock.ts';

/** Prefixes the lines by which the process tells what is left of a connection. */
export const LEFT = 'left: ';

/** Lives through one attack at each URL, then tells what is still open. Nothing else keeps the process alive. */
export async function main(...urls: string[]): Promise<void> {
  for (const url of urls) {
    const before = resources();
    await survive(url);
    // A socket that was destroyed is closed at the end of the turn, and its timers with it.
    for (const _ of ['this', 'next'])
      await new Promise<void>((goOn) => systemClock.endOfTurn(goOn));
    process.stdout.write(`${LEFT}${surplus(before, resources()).join()}\n`);
  }
}

/** Connects, asks for something, which is the attack or comes after it, and closes. */
async function survive(url: string): Promise<void> {
  const backoff = { initial: 10, max: 20 };
  const options = { backoff, operationTimeout: 1000, closeTimeout: 300, connectTimeout: 300 };
  const connection = await connect(url, { ...options, heartbeat: 1000 }).catch(() => undefined);
  if (!connection) return;
  // What is never answered times out, which is an end as well.
  const asked = connection.channel().then((channel) => channel.declareQueue('victim'));
  await asked.catch(() => {});
  await connection.close();
}

function resources(): string[] {
  return process.getActiveResourcesInfo().filter((name) => /Timeout|TCP|Immediate/.test(name));
}

function surplus(before: readonly string[], after: readonly string[]): string[] {
  const rest = [...before];
  return after.filter((name) => {
    const at = rest.indexOf(name);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}
