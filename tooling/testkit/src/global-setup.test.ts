import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { askBrokerGate, openBrokerGate } from './broker-gate.ts';
import type { BrokerSource, SetupProject } from './global-setup.ts';
import setup from './global-setup.ts';

vi.mock('./rabbit/find.ts', () => ({
  findRabbitServer: () => undefined,
}));

/** What a setup tells the run that it prepares. */
function fakeProject(): { project: SetupProject; provided: BrokerSource[]; lines: string[] } {
  const provided: BrokerSource[] = [];
  const lines: string[] = [];
  const project: SetupProject = {
    provide: (_key, sources) => provided.push(...sources),
    vitest: { logger: { log: (line: string) => lines.push(line) } },
  };
  return { project, provided, lines };
}

beforeEach(() => {
  vi.stubEnv('LEVERET_TEST_AMQP_URL', '');
  vi.stubEnv('LEVERET_REQUIRE_ALL', '');
  vi.stubEnv('LEVERET_TEST_EMBEDDED', '');
});
afterEach(() => vi.unstubAllEnvs());

describe('the global setup', () => {
  test('offers the embedded broker and the one that the environment names', async () => {
    vi.stubEnv('LEVERET_TEST_AMQP_URL', 'amqp://elsewhere');
    const { project, provided, lines } = fakeProject();
    const teardown = await setup(project);
    await teardown();
    expect(provided).toEqual([
      {
        kind: 'running',
        name: 'embedded broker',
        isEmbedded: true,
        url: expect.stringContaining('amqp://'),
      },
      {
        kind: 'running',
        name: 'LEVERET_TEST_AMQP_URL',
        isEmbedded: false,
        url: 'amqp://elsewhere',
      },
    ]);
    expect(lines).toEqual([expect.stringContaining('embedded broker and LEVERET_TEST_AMQP_URL')]);
  });

  test('offers RabbitMQ alone where the embedded broker is not wanted, and never none', async () => {
    vi.stubEnv('LEVERET_TEST_EMBEDDED', '0');
    const without = fakeProject();
    await (await setup(without.project))();
    expect(without.provided.map(({ name }) => name)).toEqual(['embedded broker']);
    vi.stubEnv('LEVERET_TEST_AMQP_URL', 'amqp://elsewhere');
    const { project, provided } = fakeProject();
    await (await setup(project))();
    expect(provided.map(({ name }) => name)).toEqual(['LEVERET_TEST_AMQP_URL']);
  });

  test('offers the embedded broker alone where RabbitMQ is not installed, and says so', async () => {
    const { project, provided, lines } = fakeProject();
    const teardown = await setup(project);
    await teardown();
    expect(provided.map(({ name }) => name)).toEqual(['embedded broker']);
    expect(lines).toEqual([expect.stringMatching(/embedded broker .*RabbitMQ/)]);
  });

  test('fails the run where RabbitMQ is required and not installed', async () => {
    vi.stubEnv('LEVERET_REQUIRE_ALL', '1');
    await expect(setup(fakeProject().project)).rejects.toThrow('RabbitMQ is not installed');
  });
});

describe('the gate of the broker', () => {
  test('starts the broker once, for all who ask', async () => {
    const start = vi.fn(async () => 'amqp://here');
    await using gate = await openBrokerGate(start);
    expect(start).not.toHaveBeenCalled();
    const asked = [askBrokerGate(gate.port), askBrokerGate(gate.port)];
    expect(await Promise.all(asked)).toEqual(['amqp://here', 'amqp://here']);
    expect(start).toHaveBeenCalledOnce();
  });

  test('tells why the broker did not start', async () => {
    await using gate = await openBrokerGate(() => Promise.reject(new Error('no disk')));
    await expect(askBrokerGate(gate.port)).rejects.toThrow('did not start: no disk');
  });
});
