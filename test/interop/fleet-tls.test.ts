// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * A fleet over TLS: a node talks only to the database whose certificate has the name it asked for, signed by an
 * authority that it trusts.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TemporaryFolder, until } from '../e2e/daemon-process.ts';
import { fleetCommand } from './fleet-command.ts';
import { FleetWorld } from './fleet-world.ts';
import { peer } from './peer.ts';
import { NOBODY } from './postgres.ts';

/** Creates authorities and certificates with Debian's openssl. */
class Authorities implements Disposable {
  readonly folder = new TemporaryFolder();
  readonly #openssl: string;

  constructor(openssl: string) {
    this.#openssl = openssl;
    chmodSync(this.folder.path, 0o755);
  }

  path(name: string): string {
    return join(this.folder.path, name);
  }

  authority(name: string): string {
    this.#run(
      'req',
      '-x509',
      ...NEW_KEY,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
      '-subj',
      `/CN=${name}`,
    );
    return this.path(`${name}.pem`);
  }

  /** A server certificate signed by an authority. */
  certificate(name: string, authority: string, host: string, ...more: readonly string[]): void {
    this.#run(
      'req',
      ...NEW_KEY,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      `/CN=${host}`,
    );
    writeFileSync(this.path(`${name}.ext`), `subjectAltName=DNS:${host}\n`);
    const by = ['-CA', `${authority}.pem`, '-CAkey', `${authority}.key`, '-CAcreateserial'];
    const files = ['-in', `${name}.csr`, '-out', `${name}.pem`, '-extfile', `${name}.ext`];
    this.#run('x509', '-req', ...files, ...by, ...more);
  }

  /** Gives the server this certificate; it must own the key. */
  use(name: string): void {
    copyFileSync(this.path(`${name}.pem`), this.path('server.pem'));
    copyFileSync(this.path(`${name}.key`), this.path('server.key'));
    chmodSync(this.path('server.key'), 0o600);
    if (process.getuid?.() === 0) chownSync(this.path('server.key'), NOBODY, NOBODY);
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }

  #run(...args: readonly string[]): void {
    execFileSync(this.#openssl, [...args], { cwd: this.folder.path, stdio: 'pipe' });
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

test('a node verifies who answers for the fleet, and says what is wrong with another', async (t) => {
  const openssl = peer('openssl', t);
  if (openssl === undefined) return;
  using authorities = new Authorities(openssl);
  const ours = authorities.authority('ours');
  const others = authorities.authority('others');
  authorities.certificate('good', 'ours', 'localhost', '-days', '2');
  authorities.certificate('elsewhere', 'ours', 'db.example.org', '-days', '2');
  authorities.certificate('foreign', 'others', 'localhost', '-days', '2');
  authorities.certificate('old', 'ours', 'localhost', '-days', '-1');
  authorities.use('good');
  const files = {
    ssl_cert_file: authorities.path('server.pem'),
    ssl_key_file: authorities.path('server.key'),
  };
  await using world = await FleetWorld.open(t, {
    settings: { ssl: 'on', log_connections: 'on', ...files },
  });
  if (world === undefined) return;
  const file = await world.join('berlin-1');
  const { port } = world.postgres;
  const secret = world.password('berlin-1');
  const ask = (query: string) => {
    writeFileSync(file, `postgres://berlin-1:${secret}@localhost:${port}/fleet?${query}\n`);
    return fleetCommand('status', '--fleet-file', file);
  };
  const verified = `sslmode=verify-full&sslrootcert=${ours}`;
  const refused = async (query: string, why: RegExp): Promise<void> => {
    const { status, stderr } = await ask(query);
    assert.equal(status, 1);
    assert.match(stderr, why);
    assert.ok(!stderr.includes(secret), stderr);
  };

  const good = await ask(verified);
  assert.equal(good.status, 0, good.stderr);
  assert.match(world.postgres.log, /authorized: user=berlin-1 .*SSL enabled \(protocol=TLSv1\.3/);
  assert.equal((await ask(`sslrootcert=${ours}`)).status, 0, 'verified also where nothing is said');

  await refused(
    `sslmode=verify-full&sslrootcert=${others}`,
    /certificate .* not .*trusts.*sslrootcert/s,
  );
  await refused('sslmode=verify-full', /certificate .* not .*trusts.*sslrootcert/s);
  await refused(
    `sslmode=verify-full&sslrootcert=${ours}.gone`,
    /cannot be read \(there is no such file \(ENOENT\)\)/,
  );

  const becomes = async (name: string, why: RegExp): Promise<void> => {
    authorities.use(name);
    await world.rows('SELECT pg_reload_conf()');
    await until(`the certificate ${name}`, async () => why.test((await ask(verified)).stderr));
    await refused(verified, why);
  };
  await becomes('elsewhere', /certificate for another name .*localhost.*db\.example\.org/s);
  await becomes('foreign', /certificate .* not .*trusts/s);
  await becomes('old', /certificate .*expired/s);

  authorities.use('good');
  await world.rows('SELECT pg_reload_conf()');
  await until('the good one again', async () => (await ask(verified)).status === 0);
});
