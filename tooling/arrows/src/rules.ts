/** Which of our packages the source of a package may import, by folder. */
export const packageArrows: Readonly<Record<string, readonly string[]>> = {
  'packages/core': [],
  'packages/codec-json': ['@leveret/core'],
  'packages/codec-msgpack': ['@leveret/core'],
  'packages/codec-gzip': ['@leveret/core'],
  'packages/codec-conformance': ['@leveret/core'],
  'packages/master': ['@leveret/core'],
  'packages/rpc': ['@leveret/core'],
  'packages/driver-amqplib': ['@leveret/core'],
  'packages/broker': [],
  'tooling/testkit': ['@leveret/broker'],
  'tooling/arrows': [],
  'tooling/budget': [
    '@leveret/broker',
    '@leveret/codec-json',
    '@leveret/core',
    '@leveret/master',
    '@leveret/rpc',
  ],
  'tooling/endurance': [
    '@leveret/broker',
    '@leveret/codec-json',
    '@leveret/core',
    '@leveret/master',
    '@leveret/rpc',
    '@leveret/testkit',
  ],
};

/** Entries that a package of ours offers besides the main one; published packages have none. */
export const furtherEntries: readonly string[] = [
  '@leveret/testkit/driver',
  '@leveret/testkit/hostile',
  '@leveret/testkit/vitest',
];

/**
 * Folders of `src` in the order in which they build on each other: a file may import from its own
 * folder and from earlier rows; folders in one row do not know each other.
 */
export const folderArrows: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'packages/core': [
    ['errors'],
    ['internal'],
    ['codec'],
    ['message'],
    ['topology'],
    ['diagnostics'],
    ['driver'],
    ['connection'],
    ['channel'],
    ['entities'],
    ['index.ts'],
  ],
  'packages/broker': [
    ['base'],
    ['wire', 'model'],
    ['protocol'],
    ['net'],
    ['index.ts'],
    ['cli'],
    ['cli.ts'],
  ],
};

/** Something that only some files may import. */
export interface Reserved {
  /** What: a module's name, or a folder from the root of the repository, ending in `/`. */
  readonly target: string;
  /** For whom: folders that end in `/`, or files, from the root of the repository. */
  readonly users: readonly string[];
}

/** What only some files may import, tests included. */
export const reserved: readonly Reserved[] = [
  {
    // The testkit takes its table of methods only, to have one that the embedded broker does not use.
    target: 'rabbitmq-client',
    users: ['packages/core/src/driver/rabbitmq-client/', 'tooling/testkit/src/amqp/', 'bench/'],
  },
  {
    // The default driver is chosen in `entities`; everything else knows the port only.
    target: 'packages/core/src/driver/rabbitmq-client/',
    users: [
      'packages/core/src/driver/rabbitmq-client/',
      'packages/core/src/entities/',
      'packages/core/src/index.ts',
    ],
  },
  { target: 'amqplib', users: ['packages/driver-amqplib/', 'bench/'] },
];
