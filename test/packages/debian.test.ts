// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The Debian package under a real systemd: installed, used, upgraded with changed configuration, removed, purged. */

import assert from 'node:assert/strict';
import { appendFileSync, cpSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TemporaryFolder, until } from '../e2e/daemon-process.ts';
import { sipRequest } from '../e2e/sip-peers.ts';
import { peer } from '../interop/peer.ts';
import { Machine } from './machine.ts';
import { runInRoot } from './run-in-root.ts';

const NEEDED = [
  'dpkg-buildpackage',
  'dh_apparmor',
  'lintian',
  'mmdebstrap',
  'unshare',
  'apparmor_parser',
] as const;

/** Takes a minute; `PACKAGE=FILE` tests a package that was made before. */
function makePackage(folder: string): string {
  runInRoot(process.execPath, ['tools/bundle.ts']);
  runInRoot(process.execPath, ['tools/debian.ts', folder], { PACKAGE_COMPRESSION: '0' });
  return globSync(join(folder, 'sentrypeer_*.deb'))[0] ?? '';
}

/** The package as an earlier version would have been: an older number, and other words in its configuration. */
function olderPackage(deb: string, folder: string): string {
  const inside = join(folder, 'older');
  runInRoot('dpkg-deb', ['-R', deb, inside]);
  const control = join(inside, 'DEBIAN/control');
  const text = readFileSync(control, 'utf8').replace(/^Version: .*$/mu, 'Version: 0.0.1');
  writeFileSync(control, text);
  appendFileSync(
    join(inside, 'etc/sentrypeer/sentrypeer.toml'),
    '# The words of an older version.\n',
  );
  const older = join(folder, 'older.deb');
  runInRoot('dpkg-deb', ['--root-owner-group', '-Znone', '-b', inside, older]);
  return older;
}

/** One datagram to the machine's own address, sent by the Node.js of the package. */
function sendInside(machine: Machine, text: string): void {
  const code = `const s = require('node:dgram').createSocket('udp4'); s.send(${JSON.stringify(text)}, 5060, '127.0.0.1', () => s.close())`;
  writeFileSync(join(machine.root, 'root/send.cjs'), code);
  machine.run('/usr/lib/sentrypeer/node /root/send.cjs');
}

function eventsOf(machine: Machine): number {
  const { status, output } = machine.attempt('sentrypeer status --json');
  return status === 0 ? (JSON.parse(output) as { readonly events: number }).events : -1;
}

test('the Debian package installs, runs, upgrades, is removed and purged', async (t) => {
  if (NEEDED.some((name) => peer(name, t) === undefined)) return;
  using folder = new TemporaryFolder();
  const deb = process.env['PACKAGE'] ?? makePackage(folder.path);
  runInRoot('lintian', ['--allow-root', '--fail-on', 'error', deb]);
  runInRoot('apparmor_parser', [
    '--skip-kernel-load',
    '--skip-cache',
    'packaging/apparmor/sentrypeer',
  ]);

  await using machine = await Machine.boot();
  cpSync(olderPackage(deb, folder.path), join(machine.root, 'root/older.deb'));
  cpSync(deb, join(machine.root, 'root/newer.deb'));

  // Installed: it runs at once, as its own user, and tells systemd so.
  machine.run('dpkg -i /root/older.deb');
  await until('the node', () => machine.attempt('systemctl is-active sentrypeer').status === 0);
  assert.match(machine.run('systemctl status sentrypeer'), /Status: "recording; 0 events so far"/);
  assert.equal(machine.run('stat -c %U:%a /var/lib/sentrypeer').trim(), 'sentrypeer:700');
  assert.equal(machine.run('systemctl show -P User sentrypeer').trim(), 'sentrypeer');
  assert.match(
    machine.run(
      'ls /usr/share/man/man1/sentrypeer.1.gz /usr/share/bash-completion/completions/sentrypeer',
    ),
    /man1/,
  );
  const [, exposure = ''] =
    /exposure level for \S+: ([\d.]+)/u.exec(machine.run('systemd-analyze security sentrypeer')) ??
    [];
  assert.ok(Number(exposure) <= 2, exposure);
  sendInside(machine, sipRequest({ method: 'INVITE', user: '100' }));
  await until('the event', () => eventsOf(machine) === 1);

  // A search runs on a separate thread, which the unit's sandbox must allow.
  const found = machine.run("curl -fs 'http://127.0.0.1:8082/v1/events?method=INVITE'");
  assert.match(found, /"called_number":"100"/);
  assert.equal(machine.run('systemctl show -P NRestarts sentrypeer').trim(), '0');

  // Its configuration changed, then upgraded: the change and the recorded events are kept.
  machine.run(
    "sed -i 's/^#json_log_file/json_log_file/; $ a api_port = 8099' /etc/sentrypeer/sentrypeer.toml",
  );
  machine.run('dpkg --force-confold -i /root/newer.deb');
  await until(
    'the upgraded node',
    () => machine.attempt('curl -fs http://127.0.0.1:8099/readyz').status === 0,
  );
  assert.equal(eventsOf(machine), 1);
  assert.match(
    machine.run('cat /etc/sentrypeer/sentrypeer.toml'),
    /older version[^]*api_port = 8099/,
  );

  // Backup and restore, following docs/operations.md.
  const page = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
  const [backup = '', restore = ''] = (page.split('## Backup and restore')[1] ?? '')
    .split('```')
    .filter((text) => text.startsWith('sh\n'))
    .map((text) => text.slice(3));
  machine.run(`mkdir /backup && ${backup.trim()}`);
  const isKnown = (): boolean =>
    machine.attempt('curl -fs http://127.0.0.1:8099/v1/addresses').output.includes('"127.0.0.1"');
  machine.run('sentrypeer forget 127.0.0.1');
  await until('the address to be forgotten', () => !isKnown());
  machine.run(`set -e; ${restore.trim().replaceAll('\n', '; ')}`);
  await until('the restored node', isKnown);

  // The log is rotated, and the node writes to the new file.
  machine.run(
    'echo before >> /var/log/sentrypeer/sentrypeer_json.log; logrotate -f /etc/logrotate.d/sentrypeer',
  );
  assert.equal(machine.run('cat /var/log/sentrypeer/sentrypeer_json.log.1').trim(), 'before');
  const call = sipRequest({
    method: 'INVITE',
    user: '200',
    callId: 'second',
    branch: 'z9hG4bK-second',
  });
  sendInside(machine, call);
  await until('the line', () =>
    machine.run('cat /var/log/sentrypeer/sentrypeer_json.log').includes('"200"'),
  );

  // The firewall is installed but not enabled.
  assert.equal(
    machine.attempt('systemctl is-enabled sentrypeer-firewall').output.trim(),
    'disabled',
  );
  machine.run(
    'echo SENTRYPEER_FIREWALL_NODE=http://127.0.0.1:8099 > /etc/default/sentrypeer-firewall',
  );
  machine.run('systemctl start sentrypeer-firewall');
  await until('the firewall', () =>
    machine.attempt('sentrypeer firewall status').output.includes('in force'),
  );
  assert.match(machine.run('nft list tables'), /sentrypeer/);
  machine.run('systemctl stop sentrypeer-firewall');

  // So is the BGP speaker, whose routers only root may configure; a file without them gets a clear refusal.
  assert.equal(machine.attempt('systemctl is-enabled sentrypeer-bgp').output.trim(), 'disabled');
  machine.run('echo SENTRYPEER_BGP_NODE=http://127.0.0.1:8099 > /etc/default/sentrypeer-bgp');
  machine.attempt('touch /etc/sentrypeer/bgp.toml; systemctl start sentrypeer-bgp');
  await until('the refusal', () =>
    machine.run('journalctl -u sentrypeer-bgp').includes('there is no router to tell'),
  );
  const table = 'asn = 64512\\nrouter_id = "127.0.0.1"\\nlisten = ["127.0.0.1:179"]';
  const neighbour = 'address = "127.0.0.2"\\nasn = 64496\\npassive = true';
  machine.run(
    `printf '[bgp]\\n${table}\\n[[bgp.neighbour]]\\n${neighbour}\\n' > /etc/sentrypeer/bgp.toml`,
  );
  machine.run('systemctl reset-failed sentrypeer-bgp; systemctl restart sentrypeer-bgp');
  await until('the BGP speaker', () =>
    machine
      .attempt('sentrypeer -g /etc/sentrypeer/bgp.toml bgp status')
      .output.includes('announcing'),
  );
  assert.match(machine.run('ss -ltn'), /127\.0\.0\.1:179 /);
  assert.equal(machine.run('systemctl show -P DynamicUser sentrypeer-bgp').trim(), 'yes');
  machine.run('systemctl stop sentrypeer-bgp; rm /etc/sentrypeer/bgp.toml');

  // Killed, it comes back; removed, its data stays; purged, nothing does.
  machine.run('systemctl kill --signal=KILL sentrypeer');
  await until(
    'the next start',
    () => machine.attempt('curl -fs http://127.0.0.1:8099/readyz').status === 0,
  );
  machine.run('dpkg -r sentrypeer');
  assert.notEqual(machine.attempt('systemctl is-active sentrypeer').status, 0);
  machine.run(
    'test -s /var/lib/sentrypeer/sentrypeer.db -a -s /etc/sentrypeer/sentrypeer.toml -a ! -e /usr/bin/sentrypeer',
  );
  machine.run('dpkg -P sentrypeer');
  const left =
    '/var/lib/sentrypeer /var/log/sentrypeer /etc/sentrypeer /etc/default/sentrypeer /usr/lib/sentrypeer';
  assert.equal(machine.run(`ls -d ${left} || true`).match(/No such file/g)?.length, 5);
});
