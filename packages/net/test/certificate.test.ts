// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ensureCertificate } from '@sentrypeer/net';

async function folder() {
  const path = await mkdtemp(join(tmpdir(), 'certificate-'));
  return {
    path,
    certPath: join(path, 'cert.pem'),
    keyPath: join(path, 'key.pem'),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

test('ensureCertificate() makes a certificate and its key, and finds them again', async () => {
  await using paths = await folder();
  const made = await ensureCertificate(paths);
  assert.equal(made.made, true);
  assert.deepEqual(await readdir(paths.path), ['cert.pem', 'key.pem']);
  assert.equal((await stat(paths.keyPath)).mode & 0o777, 0o600);
  assert.equal(await readFile(paths.certPath, 'latin1'), made.cert);

  const certificate = new X509Certificate(made.cert);
  assert.equal(certificate.checkPrivateKey(createPrivateKey(made.key)), true);
  assert.equal(certificate.verify(certificate.publicKey), true, 'it is signed by itself');
  assert.equal(certificate.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1');
  const nowMs = Date.now();
  assert.ok(certificate.validFromDate.getTime() <= nowMs);
  assert.ok(certificate.validToDate.getTime() > nowMs + 365 * 86_400_000);

  assert.deepEqual(await ensureCertificate(paths), { ...made, made: false });
});

test('ensureCertificate() makes nothing that is alike on two nodes or names this program', async () => {
  const seen = new Map<string, Set<string>>();
  for (let index = 0; index < 12; index += 1) {
    await using paths = await folder();
    const { cert } = await ensureCertificate(paths);
    const { subject, serialNumber, validFrom, fingerprint256, raw } = new X509Certificate(cert);
    assert.doesNotMatch(raw.toString('latin1').toLowerCase(), /sentry|peer|honey|node/);
    assert.equal(serialNumber.length, 40, '20 octets, positive');
    for (const [name, value] of Object.entries({
      subject,
      serialNumber,
      validFrom,
      fingerprint256,
    }))
      seen.set(name, (seen.get(name) ?? new Set()).add(value));
  }
  for (const name of ['serialNumber', 'validFrom', 'fingerprint256'])
    assert.equal(seen.get(name)?.size, 12, name);
  assert.ok((seen.get('subject')?.size ?? 0) > 3, 'subjects vary');
});

test('ensureCertificate() refuses one file without the other', async () => {
  for (const missing of ['certPath', 'keyPath'] as const) {
    await using paths = await folder();
    await ensureCertificate(paths);
    await rm(paths[missing]);
    await assert.rejects(ensureCertificate(paths), (error) => {
      assert.ok(error instanceof Error && 'code' in error);
      assert.equal(error.code, 'certificate_incomplete');
      assert.ok(error.message.startsWith(`${paths[missing]} is missing`), error.message);
      return true;
    });
    assert.equal((await readdir(paths.path)).length, 1, 'and makes nothing');
  }
});

test('ensureCertificate() refuses what is not PEM, or wants a passphrase', async () => {
  await using paths = await folder();
  const { cert } = await ensureCertificate(paths);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const locked = privateKey.export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'secret',
  });
  for (const key of ['', 'no key', cert, locked]) {
    await writeFile(paths.keyPath, key);
    await assert.rejects(ensureCertificate(paths), { code: 'certificate_invalid' });
  }
  await writeFile(paths.certPath, 'no certificate');
  await assert.rejects(ensureCertificate(paths), { code: 'certificate_invalid' });
});

test('ensureCertificate() refuses a key that belongs to another certificate', async () => {
  await using paths = await folder();
  await using others = await folder();
  await ensureCertificate(paths);
  await ensureCertificate(others);
  await assert.rejects(ensureCertificate({ certPath: paths.certPath, keyPath: others.keyPath }), {
    code: 'certificate_mismatch',
  });
});

test('ensureCertificate() says where it cannot write or read, and leaves nothing behind', async () => {
  await using paths = await folder();
  await assert.rejects(
    ensureCertificate({ certPath: paths.certPath, keyPath: join(paths.path, 'absent', 'key.pem') }),
    { code: 'certificate_unwritable' },
  );
  await assert.rejects(
    ensureCertificate({ certPath: join(paths.path, 'absent', 'cert.pem'), keyPath: paths.keyPath }),
    { code: 'certificate_unwritable' },
  );
  assert.deepEqual(await readdir(paths.path), []);
  await assert.rejects(ensureCertificate({ certPath: paths.path, keyPath: paths.keyPath }), {
    code: 'certificate_unreadable', // A folder; a file without permission reads no better.
  });
});
