import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Tests read the packages' TypeScript sources through this condition of their
// `exports`, so no build has to come first.
const conditions = ['@leveret/source'];
const folders = [
  ...['packages', 'tooling'].flatMap((parent) =>
    readdirSync(parent).map((name) => ({ name, root: `${parent}/${name}` })),
  ),
  // Runs the built programs: `npm test` builds first.
  { name: 'examples', root: 'examples' },
];

/** The tests that a driver other than the default can make a difference to. */
const onDrivers = ['core', 'master', 'rpc'];

/** Puts the driver that LEVERET_DRIVER names in the place of the default one, wherever `connect` is tested. */
const driver = {
  name: 'leveret-driver',
  resolveId: (source: string, importer = '') =>
    source.endsWith('/rabbitmq-client/driver.ts') && importer.endsWith('/entities/connection.ts')
      ? fileURLToPath(new URL('packages/driver-amqplib/src/default.fixture.ts', import.meta.url))
      : undefined,
};
const { LEVERET_DRIVER: wanted = '' } = process.env;
if (wanted !== '' && wanted !== 'amqplib')
  throw new Error(`LEVERET_DRIVER must be amqplib, or empty for the default driver, not ${wanted}`);
const isOther = wanted === 'amqplib';
const plugins = isOther ? [driver] : [];
const chosen = isOther ? folders.filter(({ name }) => onDrivers.includes(name)) : folders;
const { LEVERET_TEST_SHORT: short } = process.env;
/** What no other driver makes a difference to: units below the entities, and Python, which has a driver of its own. */
const below = '{channel,codec,connection,diagnostics,driver,errors,internal,message,topology}';
const exclude = [
  ...(isOther ? [`src/${below}/**`, 'src/**/python*.test.ts'] : []),
  ...(short === '1' ? ['**/{cluster,crash,killed,restart,sharding}.test.ts', '**/delay/**'] : []),
];

/** Files of these bear another one beside them: two at a time, after the others. */
const besideEachOther = /^(arrows|broker|codec-.*|examples|lint|master|rpc|testkit)$/;
const beside = { maxWorkers: 2, sequence: { groupOrder: 1 } };

/** The tests of these must have a process to themselves; elsewhere files share one, which spares loading all anew. */
const apart = /^testkit$/;

export default defineConfig({
  // For the global setup.
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    // The brokers of the run: the embedded one, and RabbitMQ, started when the first test asks for it.
    globalSetup: ['tooling/testkit/src/global-setup.ts'],
    projects: chosen.map(({ name, root }) => ({
      plugins,
      resolve: { conditions },
      ssr: { resolve: { conditions } },
      test: {
        name,
        root,
        include: ['src/**/*.test.ts'],
        exclude,
        environment: 'node',
        isolate: apart.test(name),
        ...(besideEachOther.test(name) ? beside : {}),
      },
    })),
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
      reporter: ['text', 'json-summary'],
    },
  },
});
