// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * The RPM package: rpmlint has no complaints, and it runs under a real systemd. That is Debian's, because no other
 * distribution is available: the package's requirements on Fedora are not tested.
 */

import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TemporaryFolder, until } from '../e2e/daemon-process.ts';
import { peer } from '../interop/peer.ts';
import { Machine } from './machine.ts';
import { runInRoot } from './run-in-root.ts';

const NEEDED = ['rpmbuild', 'rpmlint', 'mmdebstrap', 'unshare', 'nsenter'] as const;

test('the RPM package is clean, starts its unit, keeps changed configuration, and is removed', async (t) => {
  if (NEEDED.some((name) => peer(name, t) === undefined)) return;
  using folder = new TemporaryFolder();
  runInRoot(process.execPath, ['tools/bundle.ts']);
  runInRoot(process.execPath, ['tools/rpm.ts', folder.path], { PACKAGE_COMPRESSION: '0' });
  const [rpm = ''] = globSync(join(folder.path, 'sentrypeer-*.rpm'));
  const said = runInRoot('rpmlint', ['-c', 'packaging/rpm/rpmlint.toml', rpm]);
  assert.match(said, / 0 errors, 0 warnings, /u);

  await using machine = await Machine.boot();
  // rpm belongs to this machine and works on the other root; none of rpm's own requirements are there.
  const install = (...flags: readonly string[]): string =>
    runInRoot('rpm', ['--root', machine.root, '--nodeps', ...flags]);
  install('-i', rpm);
  machine.run('systemctl daemon-reload');
  assert.equal(machine.run('systemctl is-enabled sentrypeer').trim(), 'enabled');
  machine.run('systemctl start sentrypeer');
  machine.run('curl -fs http://127.0.0.1:8082/readyz');
  assert.equal(machine.run('stat -c %U:%a /var/lib/sentrypeer').trim(), 'sentrypeer:700');
  machine.run('sentrypeer --licences | grep fastify');

  machine.run('echo "api_port = 8099" >> /etc/sentrypeer/sentrypeer.toml');
  install('-U', '--replacepkgs', rpm);
  machine.run('systemctl restart sentrypeer');
  await until('the other port', () => {
    return machine.attempt('curl -fs http://127.0.0.1:8099/readyz').status === 0;
  });
  machine.run('systemctl stop sentrypeer');
  install('-e', 'sentrypeer');
  machine.run('test ! -e /usr/bin/sentrypeer -a ! -e /usr/lib/sentrypeer');
  machine.run(
    'test -s /var/lib/sentrypeer/sentrypeer.db -a -s /etc/sentrypeer/sentrypeer.toml.rpmsave',
  );
});
