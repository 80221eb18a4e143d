// Not a test of its own: node.test.ts runs this file in a vitest that it then kills.
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'vitest';
import { startRabbitNode } from './start.ts';

test('owns a node and never ends', { timeout: 0 }, async () => {
  const { dataDir } = await startRabbitNode();
  // Deleting so many takes long enough to be disturbed.
  for (let count = 0; count < 10_000; count += 1) writeFileSync(join(dataDir, `${count}`), '');
  const { REPORT_PORT } = process.env;
  connect(Number(REPORT_PORT), '127.0.0.1').write(dataDir);
  await new Promise(() => {});
});
