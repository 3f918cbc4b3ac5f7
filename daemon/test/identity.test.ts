// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import {
  chmod,
  mkdir,
  mkdtempDisposable,
  readdir,
  readFile,
  rename,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openIdentity } from '../src/identity.ts';

const NAME = 'sentrypeer-identity.json';

/** An identity that never changes, for everything that must stay the same from release to release. */
const FIXED = {
  format: 1,
  nodeId: '21fe31df-a154-8261-a26b-f854046fd227',
  privateKeyPem:
    '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n',
};

/** A key for key agreement, not for signatures. */
const X25519_PEM =
  '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEIHgYVcFhDVsUff6WIk8GjJFy+AiwvjgA2Ax1zXFXFZRU\n-----END PRIVATE KEY-----\n';

async function directory(): Promise<AsyncDisposable & { readonly path: string }> {
  return mkdtempDisposable(join(tmpdir(), 'sentrypeer-identity-'));
}

test('openIdentity() makes a file only its owner can read, and finds it again', async () => {
  await using folder = await directory();
  const path = join(folder.path, NAME);
  const made = await openIdentity(path);
  const again = await openIdentity(path);
  assert.equal(again.nodeId, made.nodeId);
  assert.deepEqual(again.secret('x'), made.secret('x'));
  assert.equal(made.personaName, undefined);
  assert.deepEqual([made.warnings, again.warnings], [[], []]);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(folder.path), [NAME]);
});

test('openIdentity() makes another node each time, with a version 8 UUID', async () => {
  await using folder = await directory();
  const one = await openIdentity(join(folder.path, 'a'));
  const two = await openIdentity(join(folder.path, 'b'));
  assert.notEqual(one.nodeId, two.nodeId);
  assert.match(one.nodeId, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('openIdentity() twice at the same moment gives one node', async () => {
  await using folder = await directory();
  const path = join(folder.path, NAME);
  const identities = await Promise.all(Array.from({ length: 8 }, () => openIdentity(path)));
  assert.equal(new Set(identities.map(({ nodeId }) => nodeId)).size, 1);
  assert.equal((await openIdentity(path)).nodeId, identities[0]?.nodeId);
  assert.deepEqual(await readdir(folder.path), [NAME]);
});

test('Identity derives node id and secrets that never change', async () => {
  await using folder = await directory();
  const path = join(folder.path, NAME);
  await writeFile(path, JSON.stringify(FIXED), { mode: 0o600 });
  const identity = await openIdentity(path);
  // RFC 8032 §7.1 test 1: this private key has the public key d75a9801...f707511a.
  assert.equal(identity.nodeId, FIXED.nodeId);
  assert.equal(identity.secret('digest nonce').length, 32);
  assert.equal(
    identity.secret('digest nonce').toHex(),
    '3de102cbbbdc6792347be3c285f8e9777c2b519125f423f85c38525ca11dc81b',
  );
  assert.notDeepEqual(identity.secret('a'), identity.secret('b'));
});

test('Identity.setPersona() is remembered, and keeps what it does not know', async () => {
  await using folder = await directory();
  const path = join(folder.path, NAME);
  await writeFile(path, JSON.stringify({ ...FIXED, later: [1] }), { mode: 0o600 });
  const identity = await openIdentity(path);
  await identity.setPersona('freeswitch');
  assert.equal(identity.personaName, 'freeswitch');
  const again = await openIdentity(path);
  assert.equal(again.personaName, 'freeswitch');
  assert.equal(again.nodeId, FIXED.nodeId);
  assert.deepEqual(JSON.parse(await readFile(path, 'utf8')), {
    ...FIXED,
    later: [1],
    persona: 'freeswitch',
  });
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(folder.path), [NAME]);
});

test('openIdentity() warns where others may read the key', async () => {
  await using folder = await directory();
  const path = join(folder.path, NAME);
  await openIdentity(path);
  await chmod(path, 0o644);
  const { warnings } = await openIdentity(path);
  assert.equal(warnings.length, 1);
  assert.match(warnings.join(), /other users may read the private key .* chmod 600/);
});

test('openIdentity() refuses a damaged file, says why, and leaves it as it is', async () => {
  await using folder = await directory();
  const path = join(folder.path, NAME);
  const other = '00000000-0000-8000-8000-000000000000';
  const spoiled = FIXED.privateKeyPem.replace('MC4CAQ', 'XXXXXX');
  const files: readonly (readonly [text: string, why: RegExp])[] = [
    ['', /it is not JSON/],
    ['{"format": 1', /it is not JSON/],
    ['null', /it is not an object/],
    ['[]', /members are missing/],
    [JSON.stringify({ ...FIXED, format: 2 }), /a newer version/],
    [JSON.stringify({ ...FIXED, format: 0 }), /members are missing/],
    [JSON.stringify({ ...FIXED, nodeId: 7 }), /members are missing/],
    [JSON.stringify({ ...FIXED, persona: 7 }), /members are missing/],
    [JSON.stringify({ ...FIXED, privateKeyPem: spoiled }), /private key cannot be read/],
    [JSON.stringify({ ...FIXED, privateKeyPem: X25519_PEM }), /private key is not Ed25519/],
    [JSON.stringify({ ...FIXED, nodeId: other }), /do not belong together/],
    [' '.repeat(65_537), /too large/],
  ];
  for (const [text, why] of files) {
    await writeFile(path, text, { mode: 0o600 });
    await assert.rejects(openIdentity(path), { code: 'identity_damaged', message: why }, text);
    assert.equal(await readFile(path, 'utf8'), text);
  }
});

test('openIdentity() says what to do where the file cannot be read or made', async () => {
  await using folder = await directory();
  const path = join(folder.path, NAME);
  await mkdir(path);
  await assert.rejects(openIdentity(path), {
    code: 'identity_unreadable',
    message: /cannot be read \(it is a directory \(EISDIR\)\).*--identity-file/,
  });
  await assert.rejects(openIdentity(join(folder.path, 'gone', NAME)), {
    code: 'identity_unwritable',
    message: /cannot be written \(ENOENT\).*--identity-file/,
  });
});

test('Identity.setPersona() that cannot be written changes nothing', async () => {
  await using folder = await directory();
  const inner = join(folder.path, 'inner');
  await mkdir(inner);
  const path = join(inner, NAME);
  const identity = await openIdentity(path);
  await rename(inner, join(folder.path, 'moved'));
  await assert.rejects(identity.setPersona('x'), { code: 'identity_unwritable' });
  assert.equal(identity.personaName, undefined);
});
