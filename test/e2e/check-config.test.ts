// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* check-config refuses every file that the daemon would refuse at its start, and makes none. */

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ensureCertificate } from '@sentrypeer/net';
import { DaemonProcess, TemporaryFolder } from './daemon-process.ts';

/** Options that name a certificate, a key or a file of places, with what is said of a file that is none. */
const OPTIONS: Readonly<
  Record<string, { readonly with: readonly string[]; readonly said: RegExp }>
> = {
  '--cert': {
    with: ['--key=empty', '-z', '127.0.0.1:0'],
    said: /does not hold a certificate in PEM/,
  },
  '--key': {
    with: ['--cert=cert', '-z', '127.0.0.1:0'],
    said: /does not hold a private key without a passphrase in PEM/,
  },
  '--webhook-ca-file': {
    with: ['-w', 'https://127.0.0.1:9/'],
    said: /holds no certificate in PEM form/,
  },
  '--pool-key': { with: ['-p', '-b', '127.0.0.1'], said: /holds no key of a pool|more than 1 KiB/ },
  '--identity-file': { with: [], said: /is not an identity file/ },
  '--country-file': { with: ['-a'], said: /is not in the MaxMind DB format/ },
  '--network-file': { with: ['-a'], said: /is not in the MaxMind DB format/ },
};

const CONTENTS: Readonly<Record<string, Uint8Array | string>> = {
  empty: '',
  octets: Uint8Array.from({ length: 3000 }, (_, n) => (n * 131 + 7) % 256),
  broken: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
};

test('check-config refuses each file that the daemon refuses, and makes none', async () => {
  using folder = new TemporaryFolder();
  for (const [name, octets] of Object.entries(CONTENTS))
    writeFileSync(join(folder.path, name), octets);
  const [certPath, keyPath] = [join(folder.path, 'cert'), join(folder.path, 'key')];
  await ensureCertificate({ certPath, keyPath });
  mkdirSync(join(folder.path, 'folder'));
  const before = readdirSync(folder.path);
  for (const [option, { with: others, said }] of Object.entries(OPTIONS)) {
    for (const content of option === '--cert' ? [...Object.keys(CONTENTS), 'folder'] : ['octets']) {
      const args = [...others, `${option}=${content}`, '--json', 'check-config'];
      const run = await DaemonProcess.run(args, { folder: folder.path });
      const at = `${option}=${content}: ${run.stderr}`;
      assert.equal(run.status, 2, at);
      assert.equal(run.stdout, '', at);
      assert.match(run.stderr, content === 'folder' ? /directory/ : said, at);
    }
  }
  assert.deepEqual(readdirSync(folder.path), before);
});

test('check-config says which key it may not read, and goes on', async (t) => {
  if (process.platform === 'win32') return t.skip('Windows has no such modes');
  using folder = new TemporaryFolder();
  const key = join(folder.path, 'identity');
  writeFileSync(key, 'secret');
  chmodSync(key, 0);
  const under =
    process.getuid?.() === 0
      ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search', '--']
      : [];
  const args = [`--identity-file=${key}`, '--json', 'check-config'];
  const { status, stdout } = await DaemonProcess.run(args, { folder: folder.path, under });
  assert.equal(status, 0);
  const { warnings } = JSON.parse(stdout) as { readonly warnings: readonly string[] };
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /not checked: .*identity.*may not read it/);
});

test('check-config ends with status 2 for a country that no daemon could start with', async () => {
  using folder = new TemporaryFolder();
  const args = ['--home-country=ZZ', 'check-config'];
  const { status, stdout, stderr } = await DaemonProcess.run(args, { folder: folder.path });
  assert.deepEqual([status, stdout], [2, '']);
  assert.match(stderr, /^sentrypeer: ZZ has no numbering plan; /u);
});
