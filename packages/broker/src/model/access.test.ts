import { expect, test } from 'vitest';
import { Access, type User } from './access.ts';

function userOf(access: Access, name: string, password: string): User {
  const user = access.authenticate(name, password);
  if (user === undefined) throw new Error(`${name} is refused`);
  return user;
}

test('guest may do everything unless users are given', () => {
  const access = new Access();
  const guest = userOf(access, 'guest', 'guest');
  expect(guest.tags).toContain('administrator');
  expect(access.mayEnter(guest, 'anywhere')).toBe(true);
  expect(access.can(guest, 'anywhere', 'configure', 'anything')).toBe(true);
});

test('a wrong password and an unknown name are refused', () => {
  const access = new Access([{ name: 'ada', password: 'secret' }]);
  expect(access.authenticate('ada', 'Secret')).toBeUndefined();
  expect(access.authenticate('guest', 'guest')).toBeUndefined();
  expect(access.authenticate('ada', 'secret')?.name).toBe('ada');
});

const limited = new Access([
  {
    name: 'ada',
    password: 'secret',
    permissions: {
      '/': { configure: '^$', write: '^orders\\.|amq\\.default', read: 'orders' },
      empty: { configure: '', write: '', read: '' },
    },
  },
]);
const ada = userOf(limited, 'ada', 'secret');

test.each([
  ['configure', 'orders', false],
  ['write', 'orders.new', true],
  ['write', 'my.orders.new', false],
  ['read', 'my.orders.new', true],
  ['read', 'other', false],
  ['write', '', true],
  ['read', '', false],
] as const)('%s on %j: %s', (permission, resource, allowed) => {
  expect(limited.can(ada, '/', permission, resource)).toBe(allowed);
});

test('an empty permission allows nothing, and a virtual host without permissions is closed', () => {
  expect(limited.mayEnter(ada, 'empty')).toBe(true);
  expect(limited.can(ada, 'empty', 'read', 'orders')).toBe(false);
  expect(limited.mayEnter(ada, 'other')).toBe(false);
  expect(limited.can(ada, 'other', 'read', 'orders')).toBe(false);
});
