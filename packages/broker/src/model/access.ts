/** What a user may do with an exchange or a queue (https://www.rabbitmq.com/docs/access-control#authorisation). */
export type Permission = 'configure' | 'write' | 'read';

/** For each permission a regular expression, which finds its match anywhere in a name; `''` matches none. */
export type Grant = Readonly<Record<Permission, string>>;

/** A user who has logged in. */
export interface User {
  readonly name: string;
  /** Such as `administrator`, or `impersonator`, who may publish with any `user-id`. */
  readonly tags: readonly string[];
}

/** A user as configured. */
export interface UserSpec {
  /** What the user logs in with. */
  readonly name: string;
  /** In plain text: it protects nothing but tests. */
  readonly password: string;
  /** None unless given. */
  readonly tags?: readonly string[];
  /** By virtual host. Everything on every virtual host unless given. */
  readonly permissions?: Readonly<Record<string, Grant>>;
}

/**
 * Checks a permission of somebody on the exchange or queue of that name.
 *
 * @throws AmqpError 403 where it is missing
 */
export type Authorize = (permission: Permission, resource: string) => void;

/** The user that RabbitMQ has from the start. */
export const guest: UserSpec = { name: 'guest', password: 'guest', tags: ['administrator'] };

type Patterns = Readonly<Record<Permission, RegExp>>;

interface Account {
  readonly user: User;
  readonly password: string;
  /** By virtual host; undefined for everything. */
  readonly permissions: ReadonlyMap<string, Patterns> | undefined;
}

/** Who may log in, and what they may do. */
export class Access {
  readonly #accounts = new Map<string, Account>();

  /** @throws SyntaxError for a permission that is no regular expression */
  constructor(users: readonly UserSpec[] = [guest]) {
    for (const user of users) this.#accounts.set(user.name, accountOf(user));
  }

  /** The user with this name and password, if there is one. */
  authenticate(name: string, password: string): User | undefined {
    const account = this.#accounts.get(name);
    return account?.password === password ? account.user : undefined;
  }

  /** Whether a user may connect to a virtual host: it takes any permission there. */
  mayEnter(user: User, vhost: string): boolean {
    const account = this.#accounts.get(user.name);
    return account !== undefined && (account.permissions?.has(vhost) ?? true);
  }

  /** Whether a user has a permission on the exchange or queue of that name; `''` is the default exchange. */
  can(user: User, vhost: string, permission: Permission, resource: string): boolean {
    const account = this.#accounts.get(user.name);
    if (account === undefined) return false;
    if (account.permissions === undefined) return true;
    const name = resource === '' ? 'amq.default' : resource;
    return account.permissions.get(vhost)?.[permission].test(name) ?? false;
  }
}

function accountOf({ name, password, tags = [], permissions }: UserSpec): Account {
  return {
    user: { name, tags },
    password,
    permissions:
      permissions &&
      new Map(Object.entries(permissions).map(([vhost, grant]) => [vhost, patternsOf(grant)])),
  };
}

function patternsOf({ configure, write, read }: Grant): Patterns {
  return { configure: pattern(configure), write: pattern(write), read: pattern(read) };
}

function pattern(source: string): RegExp {
  return new RegExp(source === '' ? '^$' : source);
}
