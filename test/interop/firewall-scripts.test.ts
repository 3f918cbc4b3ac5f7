// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The scripts of docs/integrations/firewalls.md, which fetch the list, on a host that is attacked. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TemporaryFolder, until } from '../e2e/daemon-process.ts';
import { documented } from './documented.ts';
import { ATTACKER, ATTACKER6, FirewallWorld, HOST, HOST6 } from './firewall-world.ts';
import { peer } from './peer.ts';
import { runTool } from './tool.ts';

test('the scripts for ipset with iptables and for nft refuse what is listed, and let in again what is not', async (t) => {
  const unshare = peer('unshare', t);
  for (const name of ['nft', 'ipset', 'iptables', 'ip', 'nsenter', 'curl'] as const) {
    if (peer(name, t) === undefined) return;
  }
  if (unshare === undefined) return;
  await using there = await FirewallWorld.open(unshare);
  await using daemon = await there.daemon();
  const run = async (fence: string, status = 0): Promise<string> => {
    const script = join(there.folder, 'script.sh');
    writeFileSync(script, documented('firewalls.md', fence, {}));
    // xtables has a lock in the file system of this machine.
    const ran = await there.run('host', 'env', 'XTABLES_LOCKFILE=/run/xtables', 'sh', script);
    assert.equal(ran.status, status, ran.output);
    return ran.output;
  };
  const listed = async (count: number): Promise<void> =>
    until(`${count} listed`, async () => {
      const text = await there.api('/v1/lists/ip-addresses.txt');
      return text.split('\n').filter(Boolean).length === count;
    });
  const passes = (place: 'attacker' | 'bystander', host: string): Promise<void> =>
    until(`${place} to ${host}`, () => there.isReachable(place, host));
  const rules = (): Promise<string> => there.output('host', 'iptables', '-S', 'INPUT');

  for (const fence of ['sh ipset', 'sh nft']) {
    await there.sentrypeer('block', ATTACKER);
    await there.sentrypeer('block', `${ATTACKER6.slice(0, -1)}/64`);
    await listed(2);
    await passes('attacker', HOST);
    await run(fence);
    await run(fence);
    for (const host of [HOST, HOST6]) {
      assert.ok(!(await there.isReachable('attacker', host)), `${fence}, ${host}`);
      await passes('bystander', host);
    }
    if (fence === 'sh ipset') {
      assert.equal((await rules()).match(/--match-set sentrypeer4 src -j DROP$/gmu)?.length, 1);
    }
    await there.sentrypeer('unblock', ATTACKER);
    await there.sentrypeer('unblock', `${ATTACKER6.slice(0, -1)}/64`);
    await listed(0);
    await run(fence);
    for (const host of [HOST, HOST6]) await passes('attacker', host);
  }

  // If the node is gone, what is in force stays, and the timer's unit fails with curl's message.
  await daemon.stop();
  assert.match(await run('sh nft', 7), /Failed to connect/);
});

test('systemd takes the timer of the page', async (t) => {
  const analyze = peer('systemd-analyze', t);
  if (analyze === undefined) return;
  using folder = new TemporaryFolder();
  const units = ['service', 'timer'].map((kind) => {
    const file = join(folder.path, `sentrypeer-list@ipset.${kind}`);
    const places = kind === 'service' ? { '/usr/local/sbin/sentrypeer-%i': '/bin/true %i' } : {};
    writeFileSync(file, documented('firewalls.md', `ini ${kind}`, places));
    return file;
  });
  const { status, output } = await runTool(analyze, ['verify', '--man=no', ...units], {
    folder: folder.path,
  });
  assert.equal(status, 0, output);
  assert.ok(!output.includes('sentrypeer-list'), output);
});
