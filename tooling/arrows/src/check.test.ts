import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { check } from './check.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

test('the repository follows its arrows', () => {
  const { modules, imports, objections } = check(root);
  expect(objections).toEqual([]);
  expect(modules).toBeGreaterThan(10);
  expect(imports).toBeGreaterThan(10);
});

// Imports are planted in a copy of the manifests, so the work tree stays as it is.
describe('a planted import', () => {
  let copy = '';

  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'arrows-'));
    for (const folder of ['packages', 'tooling', 'examples', 'bench']) {
      cpSync(join(root, folder), join(copy, folder), { recursive: true, filter: isPartOfCopy });
    }
  });
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  function isPartOfCopy(path: string): boolean {
    return !/[\\/](node_modules|dist|src|\.turbo)$/.test(path);
  }

  function plant(file: string, text: string): readonly string[] {
    const path = join(copy, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    try {
      return check(copy).objections;
    } finally {
      rmSync(path);
    }
  }

  test.each([
    ['packages/core/src/errors/a.ts', "import { a } from '../codec/codec.ts'"],
    ['packages/core/src/errors/a.ts', "import { a } from '../internal/clock.ts'"],
    ['packages/core/src/codec/a.ts', "import type { A } from '../message/a.ts'"],
    ['packages/core/src/message/a.ts', "export { a } from '../topology/a.ts'"],
    ['packages/core/src/topology/a.ts', "export type { A } from '../diagnostics/a.ts'"],
    ['packages/core/src/diagnostics/a.ts', "export * from '../driver/driver.ts'"],
    ['packages/core/src/driver/a.ts', "export type * from '../connection/a.ts'"],
    ['packages/core/src/connection/a.ts', "const a = await import('../channel/a.ts')"],
    ['packages/core/src/channel/a.ts', "type A = import('../entities/a.ts').A"],
    ['packages/core/src/entities/a.ts', "import { connect } from '../index.ts'"],
    ['packages/core/src/entities/a.ts', "import type { A } from '../surprise/a.ts'"],
    ['packages/core/src/surprise/a.ts', "import type { A } from '../errors/codes.ts'"],
    ['packages/core/src/driver/rabbitmq-client/a.ts', "import '../../connection/a.ts'"],
  ])('against the folders of core is refused: %s %s', (file, text) => {
    expect(plant(file, text)).toEqual([expect.stringContaining(`${file}:1 `)]);
  });

  test.each([
    ['packages/core/src/driver/a.ts', "import type { A } from './rabbitmq-client/a.ts'"],
    ['packages/core/src/channel/a.ts', "import { A } from '../driver/rabbitmq-client/a.ts'"],
    ['packages/core/src/driver/a.ts', "import { Connection } from 'rabbitmq-client'"],
    ['packages/core/src/entities/a.ts', "import type { Connection } from 'rabbitmq-client'"],
    ['packages/core/src/channel/a.test.ts', "import { Connection } from 'rabbitmq-client'"],
    ['packages/core/src/index.ts', "export type { Connection } from 'rabbitmq-client'"],
    ['packages/rpc/src/a.ts', "import type { Connection } from 'rabbitmq-client'"],
  ])('of the driver is refused outside its home: %s %s', (file, text) => {
    expect(plant(file, text)).toEqual([expect.stringContaining('is reserved for')]);
  });

  test.each([
    ['packages/rpc/src/a.ts', "import { LeveretError } from '@leveret/core/errors'"],
    ['packages/rpc/src/a.ts', "import type { A } from '@leveret/core/dist/index.js'"],
    ['packages/rpc/src/a.ts', "import type { A } from '../../core/src/index.ts'"],
    ['packages/rpc/src/a.test.ts', "import { a } from '../../core/src/index.ts'"],
    ['packages/rpc/src/a.test.ts', "import { a } from '@leveret/core/src/index.ts'"],
    ['packages/rpc/src/a.ts', "import { Master } from '@leveret/master'"],
    ['packages/master/src/a.ts', "export type { RPC } from '@leveret/rpc'"],
    ['packages/master/src/a.ts', "import { jsonCodec } from '@leveret/codec-json'"],
    ['packages/codec-gzip/src/a.ts', "export * from '@leveret/codec-json'"],
    ['packages/codec-json/src/a.ts', "import { encode } from '@msgpack/msgpack'"],
    ['packages/codec-json/src/a.ts', "import { test } from 'vitest'"],
    ['packages/core/src/errors/a.ts', "import type { A } from '@leveret/testkit'"],
    ['packages/core/src/errors/a.ts', "import { readFileSync } from 'fs'"],
    ['packages/core/src/errors/a.ts', 'const a = await import(process.argv[2])'],
    ['packages/core/src/errors/a.test.ts', "import { a } from 'left-pad'"],
    ['examples/src/a.ts', "import { a } from '@leveret/core/src/errors/codes.ts'"],
    ['examples/src/a.ts', "import { a } from '../../packages/core/src/index.ts'"],
    ['tooling/testkit/src/a.ts', "import type { Codec } from '@leveret/core'"],
  ])('past the entry of a package, or of one not meant for it, is refused: %s %s', (file, text) => {
    expect(plant(file, text)).toEqual([expect.stringContaining(`${file}:1 `)]);
  });

  test.each([
    ['packages/core/src/internal/a.ts', "import { a } from '../errors/codes.ts'"],
    ['packages/core/src/diagnostics/a.ts', "import type { A } from '../topology/a.ts'"],
    ['packages/core/src/entities/a.ts', "import { a } from '../driver/rabbitmq-client/a.ts'"],
    ['packages/core/src/index.ts', "export { a } from './entities/a.ts'"],
    ['packages/core/src/driver/rabbitmq-client/a.ts', "import { A } from 'rabbitmq-client'"],
    ['packages/core/src/driver/rabbitmq-client/a.ts', "import { A } from '../driver.ts'"],
    ['packages/core/src/errors/a.test.ts', "import { test } from 'vitest'"],
    ['packages/core/src/channel/a.test.ts', "import { a } from '../entities/a.ts'"],
    ['packages/core/src/errors/a.test.ts', "import { a } from '@leveret/testkit/vitest'"],
    ['packages/codec-msgpack/src/a.ts', "import { encode } from '@msgpack/msgpack'"],
    ['packages/codec-gzip/src/a.ts', "import { gzip } from 'node:zlib'"],
    ['packages/rpc/src/a.ts', "import type { Codec } from '@leveret/core'"],
    ['packages/rpc/src/a.test.ts', "import { jsonCodec } from '@leveret/codec-json'"],
    ['examples/src/a.ts', "import { RPC } from '@leveret/rpc'"],
  ])('along the arrows is accepted: %s %s', (file, text) => {
    expect(plant(file, text)).toEqual([]);
  });
});
