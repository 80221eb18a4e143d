import { expect, test } from 'vitest';
import { profiles } from '../base/profile.ts';
import { Access } from './access.ts';
import { BrokerModel } from './broker-model.ts';
import { Budget } from './budget.ts';
import { queueIn } from './topology.fixture.ts';

const grant = { configure: '.*', write: '.*', read: '.*' };

function newBroker(): BrokerModel {
  const access = new Access([
    { name: 'ada', password: '', permissions: { '/': grant } },
    { name: 'root', password: '' },
  ]);
  const clock = { now: () => 0, after: () => ({ cancel: () => {} }) };
  return new BrokerModel({ clock, rules: profiles['3.10'], access, budget: new Budget() });
}

test('a user enters the virtual hosts that there are and that have permissions for it', () => {
  const broker = newBroker();
  const other = broker.addVirtualHost('other');
  const ada = { name: 'ada', tags: [] };
  const refused = expect.objectContaining({ code: 530 });
  expect(broker.openVirtualHost('/', ada)).toBe(broker.findVirtualHost('/'));
  expect(() => broker.openVirtualHost('other', ada)).toThrow(refused);
  expect(() => broker.openVirtualHost('missing', ada)).toThrow(refused);
  expect(broker.openVirtualHost('other', { name: 'root', tags: [] })).toBe(other);
});

test('virtual hosts share no names, and adding one again finds it', () => {
  const broker = newBroker();
  const other = broker.addVirtualHost('other');
  queueIn(other, 'q');
  expect(broker.addVirtualHost('other')).toBe(other);
  expect([...broker.vhosts].map(({ name, queues }) => [name, [...queues].length])).toEqual([
    ['/', 0],
    ['other', 1],
  ]);
});

test('a restart reaches every virtual host', () => {
  const broker = newBroker();
  const other = broker.addVirtualHost('other');
  queueIn(other, 'q');
  broker.restart();
  expect([...other.queues]).toEqual([]);
});
