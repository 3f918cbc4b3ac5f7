// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* A file whose name is not on the disk is gone after a power failure, however often its contents were synced. */

import assert from 'node:assert/strict';
import fs, { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, beforeEach, mock, test } from 'node:test';
import { readFleetAddress } from '@sentrypeer/fleet/address';
import { ensureCertificate } from '@sentrypeer/net';
import { CredentialFile } from '../src/commands/fleet-credential.ts';
import { openIdentity } from '../src/identity.ts';
import { makePoolKey } from '../src/services/pool/pool-key.ts';

const root = mkdtempSync(join(tmpdir(), 'sentrypeer-durable-'));
after(() => rmSync(root, { recursive: true }));

/** Directories that were synced. */
const synced: string[] = [];
const names = new Map<number, string>();
const { openSync, fsyncSync } = fs;
mock.method(fs, 'openSync', (path: string, flags: string | number, mode?: number) => {
  const descriptor = openSync(path, flags, mode);
  names.set(descriptor, path);
  return descriptor;
});
mock.method(fs, 'fsyncSync', (descriptor: number) => {
  synced.push(names.get(descriptor) ?? '');
  fsyncSync(descriptor);
});
syncBuiltinESMExports();

beforeEach(() => synced.splice(0));

function isNameSynced(path: string): boolean {
  return synced.includes(dirname(path));
}

for (const [what, make] of [
  ['makePoolKey()', (path: string) => makePoolKey(path)],
  ['openIdentity()', (path: string) => openIdentity(path)],
  [
    'CredentialFile',
    (path: string) => {
      const reading = readFleetAddress('postgres://node@db.example/sentrypeer');
      assert.ok('address' in reading);
      using file = CredentialFile.create(path, reading.address);
      file.finish('secret');
    },
  ],
] as const) {
  test(`${what} has the name of its file on the disk, too`, async () => {
    const path = join(mkdtempSync(join(root, 'one-')), 'file');
    await make(path);
    assert.ok(isNameSynced(path));
  });
}

test('a new certificate and its key have their names on the disk, too', async () => {
  const [certPath, keyPath] = [join(root, 'certs', 'cert.pem'), join(root, 'keys', 'key.pem')];
  for (const path of [certPath, keyPath]) mkdirSync(dirname(path));
  await ensureCertificate({ certPath, keyPath });
  assert.deepEqual([isNameSynced(certPath), isNameSynced(keyPath)], [true, true]);
});
