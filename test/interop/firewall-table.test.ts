// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The table of `sentrypeer firewall` in the real kernel, in a separate network. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Nft, NftTable, type RulesetOptions } from '@sentrypeer/firewall';
import { entryOf } from '@sentrypeer/listings';
import { parsePrefix } from '@sentrypeer/ip';
import { systemClock } from '@sentrypeer/kernel';
import { isInNetwork, testInNetwork } from './in-network.ts';

const OPTIONS: RulesetOptions = {
  scope: 'all',
  sipPorts: [[5060, 5061]],
  mediaPorts: [
    [10_000, 20_000],
    [15_000, 30_000],
  ],
  keepsCalls: false,
  entriesMax: 50_000,
};

if (!isInNetwork) {
  testInNetwork('the table of sentrypeer firewall holds in the real kernel', {
    file: import.meta.filename,
    programs: ['nft'],
    passCount: 5,
  });
} else {
  const nft = Nft.find(process.env['PATH'] ?? '');
  const open = (more: Partial<RulesetOptions> = {}): Promise<NftTable> =>
    NftTable.open({ nft, clock: systemClock }, { ...OPTIONS, ...more });
  const timed = (value: string, timeoutSeconds = 3600) => {
    const entry = entryOf(value);
    assert.ok(entry !== undefined, value);
    return { set: entry.set, element: entry.element, timeoutSeconds };
  };
  const held = (...values: readonly string[]) =>
    values.map((value) => ({ ...timed(value), endEpochMs: Date.now() + 3_600_000 }));
  const rules = async (): Promise<string> => (await nft.run(['list', 'ruleset'])).stdout;
  const by = async (command: string): Promise<void> => {
    const { isDone, words } = await nft.run([command]);
    assert.ok(isDone, words);
  };

  test('NftTable holds networks inside one another, and takes out one without the others', async () => {
    const table = await open();
    const nested = ['2a00:1:2:3::/64', '2a00:1:2::/56', '2a00:1:2::/48', '45.1.2.0/24', '45.1.2.3'];
    await table.load(
      nested.map((value) => timed(value)),
      [],
    );
    await table.change({ add: [timed('2a00:1::/32'), timed('45.1.0.0/16')], remove: [] });
    await table.change({ add: [timed('2a00:1:2::/48', 9000)], remove: [timed('2a00:1:2::/56')] });
    const text = await rules();
    assert.match(text, /ip6 saddr & ffff:ffff:: == @ipv6_32 goto refuse/);
    assert.match(text, /ip saddr & 255\.255\.0\.0 == @ipv4_16 goto refuse/);
    assert.match(text, /2a00:1:2:: timeout 2h30m/);
    const left = [
      '2a00:1:2:3::/64',
      '2a00:1:2::/48',
      '2a00:1::/32',
      '45.1.2.0/24',
      '45.1.2.3',
      '45.1.0.0/16',
    ];
    assert.equal(await table.check(held(...left), Date.now()), undefined);
    const listing = await table.list();
    assert.equal(listing?.difference, undefined);
    assert.deepEqual(listing?.entries.get('ipv6_56'), new Set());
    assert.deepEqual(listing?.entries.get('ipv6_48'), new Set(['2a00:1:2::']));
    // Removing what is not there, and adding what is, is no error.
    await table.change({ add: [timed('45.1.2.3')], remove: [timed('45.9.9.9')] });
  });

  test('NftTable loads more than one transaction of an unprivileged container may have', async () => {
    const table = await open();
    const values = Array.from(
      { length: 20_000 },
      (_, index) => `45.${index >> 8}.${index & 255}.1`,
    );
    await table.load(
      values.map((value) => timed(value)),
      [],
    );
    assert.equal((await table.list())?.entries.get('ipv4_32')?.size, values.length);
    await table.change({ add: values.slice(0, 1000).map((value) => timed(value)), remove: [] });
  });

  test('NftTable sees what others do to it', async () => {
    const spoils: readonly (readonly [string, RegExp])[] = [
      ['flush ruleset', /chains or sets/],
      ['flush set inet sentrypeer ipv4_32', /rules or entries were taken out/],
      ['flush chain inet sentrypeer before', /rules or entries were taken out/],
      ['add element inet sentrypeer spared_ipv4 { 45.1.2.3 }', /what is spared/],
      ['add chain inet sentrypeer mine', /chains or sets/],
      ['add set inet sentrypeer mine { type ipv4_addr; }', /chains or sets/],
    ];
    const spared = parsePrefix('46.1.0.0/16');
    assert.ok(spared !== undefined);
    for (const [command, said] of spoils) {
      const table = await open();
      await table.load([timed('45.1.2.3')], [spared]);
      assert.equal((await table.list())?.difference, undefined);
      assert.equal(await table.check(held('45.1.2.3'), Date.now()), undefined);
      await by(command);
      assert.match((await table.check(held('45.1.2.3'), Date.now())) ?? '', said, command);
      await table.remove();
    }
    const table = await open();
    await table.load([timed('45.1.2.3')], []);
    await by('insert rule inet sentrypeer before accept');
    assert.equal((await table.list())?.difference, 'its rules were changed');
  });

  test('NftTable refuses a table that somebody else made, and nothing it removes was not its own', async () => {
    await (await open()).remove();
    await by('add table inet other; add chain inet other keep');
    await by(
      'add table inet sentrypeer; add set inet sentrypeer bad4 { type ipv4_addr; flags timeout; }',
    );
    await assert.rejects(open(), { code: 'firewall_table_taken' });
    await by('delete table inet sentrypeer');
    const table = await open();
    await table.load([], []);
    await table.remove();
    await table.remove();
    assert.match(await rules(), /^table inet other \{\s+chain keep \{\s+\}\s+\}\s*$/);
  });

  test('NftTable writes each scope as it is documented', async () => {
    await (await open({ scope: 'sip', keepsCalls: true })).load([timed('45.1.2.3')], []);
    const sip = await rules();
    assert.match(sip, /th dport \{ 5060-5061, 10000-30000 \} counter name "refused" drop/);
    assert.match(sip, /ct state established udp dport 10000-30000 accept/);
    const marking = await open({ scope: 'mark', keepsCalls: true });
    await marking.load([timed('45.1.2.3')], []);
    assert.match(await rules(), /counter name "refused" meta mark set meta mark \| 0x0*1000000/);
    assert.equal((await marking.list())?.difference, undefined);
    await assert.rejects(
      marking.change({ add: [{ ...timed('45.1.2.3'), element: 'example' }], remove: [] }),
      {
        code: 'firewall_nft_failed',
      },
    );
  });
}
