// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { silentLogger, type LogFields, type Logger } from '@sentrypeer/kernel';
import { Places } from '../src/index.ts';
import { blockOf } from '../src/places.ts';
import { mmdbFile, type Networks } from './mmdb-writer.ts';

const folder = mkdtempSync(join(tmpdir(), 'sentrypeer-geo-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, networks: Networks): string {
  const path = join(folder, name);
  writeFileSync(path, mmdbFile(networks));
  return path;
}

const countryFile = file('country.mmdb', {
  '203.0.113.0/24': { country_code: 'SE' },
  '198.51.100.0/25': { country: { iso_code: 'DE' } },
  '192.0.2.0/24': { country: 'nl', asn: 'AS64501', as_name: 'Example BV' },
  '192.0.3.0/24': { country_code: 'not a code' },
  '2001:db8::/32': { country_code: 'FR' },
});
const networkFile = file('network.mmdb', {
  '203.0.113.0/24': {
    autonomous_system_number: 64_500,
    autonomous_system_organization: `Example ${'x'.repeat(300)}`,
  },
  '2001:db8::/32': { autonomous_system_number: 64_502 },
  '198.51.100.0/24': { autonomous_system_number: 0 },
});

test('placeOf() tells country and network in the words of several makers of files', async () => {
  const places = await Places.open(silentLogger, { countryFile, networkFile });
  for (const [address, country, network] of [
    ['203.0.113.5', 'SE', 'AS64500'],
    ['198.51.100.5', 'DE', '198.51.100.0/24'],
    ['198.51.100.200', undefined, '198.51.100.0/24'],
    ['192.0.2.1', 'NL', '192.0.2.0/24'],
    ['192.0.3.1', undefined, '192.0.3.0/24'],
    ['2001:db8::1', 'FR', 'AS64502'],
    ['2001:db9::1', undefined, '2001:db9::/48'],
  ] as const) {
    const place = places.placeOf(address);
    assert.deepEqual([place.country, place.network], [country, network], address);
  }
  assert.equal(places.placeOf('203.0.113.5').networkName?.length, 100);
  // What a row of an older program may have in the place of an address.
  for (const text of [
    '',
    '3405803781',
    '203.0.113',
    '203.0.113.5\0',
    '203.0.113.5:5060',
    'a.b.c.d',
  ]) {
    assert.deepEqual(places.placeOf(text), {
      country: undefined,
      network: text,
      networkName: undefined,
    });
  }
  const both = await Places.open(silentLogger, { countryFile, networkFile: countryFile });
  assert.deepEqual(both.placeOf('192.0.2.1'), {
    country: 'NL',
    network: 'AS64501',
    networkName: 'Example BV',
  });
});

test('placeOf() without files only knows the address block', async () => {
  const places = await Places.open(silentLogger, {});
  assert.deepEqual(places.placeOf('203.0.113.5'), {
    country: undefined,
    network: '203.0.113.0/24',
    networkName: undefined,
  });
});

test('blockOf() is the block of any address', () => {
  for (const [address, block] of [
    ['10.1.2.3', '10.1.2.0/24'],
    ['2001:db8:7:1::5', '2001:db8:7::/48'],
    ['2001:db8::5', '2001:db8::/48'],
    ['2001:0:1:2:3:4:5:6', '2001:0:1::/48'],
    ['2001::1:2:3:4:5:6', '2001:0:1::/48'],
    ['::1', '::/48'],
    ['fe80::', 'fe80::/48'],
  ] as const) {
    assert.equal(blockOf(address), block, address);
  }
});

test('open() refuses what is not such a file, and source tells files apart', async () => {
  const text = join(folder, 'text.mmdb');
  writeFileSync(text, 'country,asn\n');
  for (const path of [text, join(folder, 'missing.mmdb'), folder]) {
    await assert.rejects(Places.open(silentLogger, { countryFile: path }), {
      name: 'OperatingError',
      code: 'geo_file_unreadable',
    });
  }
  const opened = await Promise.all(
    [{}, { countryFile }, { networkFile }, { countryFile, networkFile }].map((options) =>
      Places.open(silentLogger, options),
    ),
  );
  const sources = opened.map(({ source }) => source);
  assert.equal(new Set(sources).size, 4);
  assert.ok(sources.every(Number.isSafeInteger));
  const again = await Places.open(silentLogger, { countryFile });
  assert.equal(again.source, sources[1]);
});

test('a file that was damaged since is told of once, and the rest goes on', async () => {
  const messages: LogFields[] = [];
  const logger: Logger = { ...silentLogger, error: (_event, fields = {}) => messages.push(fields) };
  const path = file('damaged.mmdb', { '203.0.113.0/24': { country_code: 'SE' } });
  const places = await Places.open(logger, { countryFile: path });
  truncateSync(path, 40);
  for (let times = 0; times < 3; times += 1) {
    assert.equal(places.placeOf('203.0.113.5').country, undefined);
  }
  assert.equal(messages.length, 1);
  assert.equal(messages[0]?.['code'], 'geo_file_unreadable');
});
