import assert from 'node:assert/strict';
import { freePort } from '../../ports.ts';
import { uniqueName } from '../../with-broker.ts';
import { openBench, rejectedWith } from './bench.ts';
import { watchLeftovers } from './leftovers.ts';
import type { Target } from './port.ts';
import type { DriverCase, Suite } from './suite.ts';
import { targetOf } from './target.ts';

const TIMEOUT_MS = 1000;
/** What an attempt may take over its timeout on a busy machine, and still be told from one without a timeout. */
const GRACE_MS = 2000;

/** Connections that cannot be opened. */
export function connectingCases(suite: Suite): DriverCase[] {
  return [
    failing(suite, 'a refused port', 'CONNECTION_FAILED', async () => ({ port: await freePort() })),
    failing(suite, 'a name that does not resolve', 'CONNECTION_FAILED', async () => ({
      host: 'leveret.invalid',
    })),
    failing(suite, 'a wrong password', 'ACCESS_REFUSED', async () => ({ password: 'wrong' })),
    failing(suite, 'an unknown user', 'ACCESS_REFUSED', async () => ({ username: 'nobody' })),
    failing(suite, 'an unknown vhost', 'NOT_ALLOWED', async () => ({
      vhost: uniqueName('nowhere'),
    })),
    failing(suite, 'TLS to a port without it', 'CONNECTION_FAILED', async () => ({
      tls: { rejectUnauthorized: false },
    })),
    {
      title: 'the frame size is what both sides can do',
      run: async () => {
        await using small = await suite.connect({ frameMax: 8192 });
        assert.equal(small.link.frameMax, 8192);
        await using usual = await suite.connect({ frameMax: 131_072 });
        assert.equal(usual.link.frameMax, 131_072);
      },
    },
  ];
}

function failing(
  suite: Suite,
  what: string,
  code: string,
  changes: () => Promise<Partial<Target>>,
): DriverCase {
  return {
    title: `${what} fails with ${code}, in time, and leaves nothing behind`,
    run: async () => {
      const target = targetOf(suite.getUrl(), { timeout: TIMEOUT_MS, ...(await changes()) });
      await fails(suite, target, code);
    },
  };
}

async function fails(suite: Suite, target: Target, code: string): Promise<void> {
  using leftovers = watchLeftovers();
  const start = performance.now();
  const error = await rejectedWith(openBench(suite.driver, target), code);
  const took = performance.now() - start;
  assert.ok(took < TIMEOUT_MS + GRACE_MS, `it took ${Math.round(took)} ms`);
  assert.match(error.message, /\w{3}/, 'the error says nothing');
  assert.equal(leftovers.timers(), 0, 'timers are left');
}
