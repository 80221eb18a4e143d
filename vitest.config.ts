import { readdirSync } from 'node:fs';
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

export default defineConfig({
  // For the global setup.
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    // The brokers of the run: the embedded one, and RabbitMQ, started when the first test asks for it.
    globalSetup: ['tooling/testkit/src/global-setup.ts'],
    projects: folders.map(({ name, root }) => ({
      resolve: { conditions },
      ssr: { resolve: { conditions } },
      test: { name, root, include: ['src/**/*.test.ts'], environment: 'node' },
    })),
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
      reporter: ['text', 'json-summary'],
    },
  },
});
