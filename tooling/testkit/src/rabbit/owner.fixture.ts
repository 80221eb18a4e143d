// Not a test of its own: node.test.ts runs this file in a vitest that it then kills.
import { connect } from 'node:net';
import { test } from 'vitest';
import { startRabbitNode } from './start.ts';

test('owns a node and never ends', { timeout: 0 }, async () => {
  const { dataDir } = await startRabbitNode();
  const { REPORT_PORT } = process.env;
  connect(Number(REPORT_PORT), '127.0.0.1').write(dataDir);
  await new Promise(() => {});
});
