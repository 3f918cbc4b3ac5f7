// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpApi } from '../src/index.ts';
import { MemoryEvidence } from './memory-evidence.ts';
import { MemoryReputation } from './memory-reputation.ts';
import { MemoryTotals } from './memory-totals.ts';
import { openApi } from './ports.ts';

const SEEN = '2026-11-23T10:00:01.123456Z';

function ask(api: HttpApi, path: string, init?: RequestInit): Promise<Response> {
  return fetch(`http://127.0.0.1:${api.address.port}${path}`, init);
}

function someTotals(): MemoryTotals {
  return new MemoryTotals()
    .addAddress('203.0.113.5', 7, 'handshake')
    .addAddress('2001:db8::5', 2, 'returned')
    .addAddress('203.0.113.6', 9) // Perhaps forged.
    .addAddress('203.0.113.7;reboot', 9, 'handshake')
    .addAddress('fe80::1%eth0', 9, 'handshake');
}

const BEGIN_IPSET =
  'create sentrypeer4 hash:ip family inet maxelem 2097152 -exist\n' +
  'create sentrypeer4-new hash:ip family inet maxelem 2097152 -exist\nflush sentrypeer4-new\n' +
  'create sentrypeer6 hash:ip family inet6 maxelem 2097152 -exist\n' +
  'create sentrypeer6-new hash:ip family inet6 maxelem 2097152 -exist\nflush sentrypeer6-new\n';
const END_IPSET =
  'swap sentrypeer4-new sentrypeer4\ndestroy sentrypeer4-new\n' +
  'swap sentrypeer6-new sentrypeer6\ndestroy sentrypeer6-new\n';
const BEGIN_NFT =
  'add table inet sentrypeer\nadd set inet sentrypeer bad4 { type ipv4_addr; }\n' +
  'add set inet sentrypeer bad6 { type ipv6_addr; }\n' +
  'flush set inet sentrypeer bad4\nflush set inet sentrypeer bad6\n';
const HEAD_CSV = 'ip_address,grade,seen_count,first_seen,last_seen\r\n';
const FIRST_CSV = `203.0.113.5,handshake,7,${SEEN},${SEEN}\r\n`;

const ANSWERS: readonly (readonly [path: string, text: string])[] = [
  ['/v1/lists/ip-addresses.txt', '203.0.113.5\n2001:db8::5\n'],
  ['/v1/lists/ip-addresses.txt?grade=seen', '203.0.113.5\n2001:db8::5\n203.0.113.6\n'],
  ['/v1/lists/ip-addresses.txt?grade=handshake', '203.0.113.5\n'],
  ['/v1/lists/ip-addresses.txt?family=6', '2001:db8::5\n'],
  ['/v1/lists/ip-addresses.txt?min_count=3', '203.0.113.5\n'],
  [
    '/v1/lists/ip-addresses.csv?since=2026-11-23T10:00:01Z&grade=handshake',
    `${HEAD_CSV}${FIRST_CSV}`,
  ],
  ['/v1/lists/ip-addresses.csv?since=2026-11-23T10:00:02Z', HEAD_CSV],
  [
    '/v1/lists/ip-addresses.csv?since=2026-11-23T12:00:01%2B02:00&grade=handshake',
    `${HEAD_CSV}${FIRST_CSV}`,
  ],
  ['/v1/lists/ip-addresses.txt?max_age=0s', ''],
  [
    '/v1/lists/ip-addresses.csv?family=4',
    `${HEAD_CSV}${FIRST_CSV}203.0.113.6,seen,9,${SEEN},${SEEN}\r\n`,
  ],
  [
    '/ip-addresses/ipset',
    `${BEGIN_IPSET}add sentrypeer4-new 203.0.113.5 -exist\nadd sentrypeer6-new 2001:db8::5 -exist\n${END_IPSET}`,
  ],
  ['/v1/lists/ip-addresses.ipset?max_age=0s', BEGIN_IPSET + END_IPSET],
  [
    '/v1/lists/ip-addresses.nft?grade=seen',
    `${BEGIN_NFT}add element inet sentrypeer bad4 { 203.0.113.5, 203.0.113.6 }\n` +
      'add element inet sentrypeer bad6 { 2001:db8::5 }\n',
  ],
  [
    '/v1/lists/ip-addresses.rsc',
    '/ip firewall address-list remove [find list=sentrypeer]\n' +
      '/ipv6 firewall address-list remove [find list=sentrypeer]\n' +
      '/ip firewall address-list add list=sentrypeer address=203.0.113.5\n' +
      '/ipv6 firewall address-list add list=sentrypeer address=2001:db8::5\n',
  ],
];

for (const [path, text] of ANSWERS) {
  test(`GET ${path} lists what it asks for`, async () => {
    await using api = await openApi({ totals: someTotals() });
    const response = await ask(api, path);
    assert.equal(response.status, 200);
    assert.equal(await response.text(), text);
  });
}

const REFUSED: readonly (readonly [query: string, detail: RegExp])[] = [
  ['grade=proved', /^grade must be once one of seen, returned, handshake$/],
  ['grade=', /^grade/],
  ['min_count=0', /^min_count must be once a whole number of 1 and above$/],
  ['min_count=-1', /^min_count/],
  ['min_count=1e3', /^min_count/],
  ['min_count=12345678901', /^min_count/],
  ['max_age=24', /^max_age must be once a time such as/],
  ['max_age=h', /^max_age/],
  ['max_age=1x', /^max_age/],
  ['since=2026-02-30T00:00:00Z', /^since must be once a time of RFC 3339/],
  ['since=yesterday', /^since must be once a time of RFC 3339/],
  ['since=2026-13-01T00:00:00Z', /^since/],
  ['since=2026-11-23', /^since/],
  ['family=5', /^family must be once one of 4, 6$/],
  ['family=4&family=6', /^family/],
  ['age=1d', /no such parameter; there are grade, min_count, max_age, since, family$/],
];

for (const [query, detail] of REFUSED) {
  test(`a list refuses ?${query} and says what would be right`, async () => {
    await using api = await openApi({ totals: someTotals() });
    const response = await ask(api, `/v1/lists/ip-addresses.txt?${query}`);
    assert.equal(response.status, 400);
    assert.equal(response.headers.get('content-type'), 'application/problem+json');
    const problem = (await response.json()) as { readonly status: number; readonly detail: string };
    assert.equal(problem.status, 400);
    assert.match(problem.detail, detail);
  });
}

/** Last seen at this second of 2026-11-23T10:00. */
function evidenceOf(
  ...seen: readonly (readonly [address: string, second: number])[]
): MemoryEvidence {
  const evidence = new MemoryEvidence();
  seen.forEach(([address, second], index) => {
    const us = Date.UTC(2026, 10, 23, 10, 0, second) * 1000;
    evidence.addressList.unshift({
      address,
      totalId: index + 1,
      firstSeenEpochUs: us,
      lastSeenEpochUs: us,
      seenCount: 1,
      grade: address === '203.0.113.9' ? 'seen' : 'handshake',
    });
  });
  return evidence;
}

const CHANGES: readonly (readonly [ending: string, added: string, removed: string])[] = [
  [
    'nft',
    `${BEGIN_NFT.replaceAll(/flush.*\n/g, '')}add element inet sentrypeer bad4 { 203.0.113.3 }\nadd element inet sentrypeer bad6 { 2001:db8::4 }\n`,
    'add element inet sentrypeer bad4 { 203.0.113.3 }\nadd element inet sentrypeer bad6 { 2001:db8::4 }\n' +
      'delete element inet sentrypeer bad4 { 203.0.113.3 }\ndelete element inet sentrypeer bad6 { 2001:db8::4 }\n',
  ],
  [
    'ipset',
    `${BEGIN_IPSET.replaceAll(/(create|flush) \S+-new.*\n/g, '')}add sentrypeer4 203.0.113.3 -exist\nadd sentrypeer6 2001:db8::4 -exist\n`,
    'del sentrypeer4 203.0.113.3 -exist\ndel sentrypeer6 2001:db8::4 -exist\n',
  ],
  [
    'rsc',
    ':do { /ip firewall address-list add list=sentrypeer address=203.0.113.3 } on-error={}\n' +
      ':do { /ipv6 firewall address-list add list=sentrypeer address=2001:db8::4 } on-error={}\n',
    '/ip firewall address-list remove [find list=sentrypeer address=203.0.113.3]\n' +
      '/ipv6 firewall address-list remove [find list=sentrypeer address=2001:db8::4]\n',
  ],
];

test('plain text since a time has what came and nothing else', async () => {
  const evidence = evidenceOf(['203.0.113.1', 1], ['203.0.113.3', 3]);
  await using api = await openApi({ evidence });
  const path = '/v1/lists/ip-addresses.txt?since=2026-11-23T10:00:01Z';
  assert.equal(await (await ask(api, path)).text(), '203.0.113.3\n');
  assert.equal(await (await ask(api, `${path}&max_age=0s`)).text(), '');
});

for (const [ending, added, removed] of CHANGES) {
  test(`a list for ${ending} since a time tells what came, and what has become too old`, async () => {
    const evidence = evidenceOf(
      ['203.0.113.1', 1],
      ['203.0.113.9', 2],
      ['203.0.113.3', 3],
      ['2001:db8::4', 4],
    );
    await using api = await openApi({ evidence });
    const path = `/v1/lists/ip-addresses.${ending}?since=2026-11-23T10:00:01Z`;
    const response = await ask(api, path);
    assert.equal(response.headers.get('x-sentrypeer-as-of'), '2026-11-23T09:59:59.000000Z');
    assert.equal(await response.text(), added);
    // Nothing is as young as that, so all that was listed since then goes.
    const gone = await (await ask(api, `${path}&max_age=0s`)).text();
    assert.equal(gone.slice(gone.length - removed.length), removed);
    assert.ok(!gone.includes('203.0.113.1 ') && !gone.includes('203.0.113.9'), gone);
  });
}

test('what a list tells of changes may be of any length', async () => {
  const evidence = evidenceOf(
    ...Array.from(
      { length: 2500 },
      (_, index) => [`10.0.${index >> 8}.${index & 255}`, 5] as const,
    ),
  );
  await using api = await openApi({ evidence });
  const text = await (
    await ask(api, '/v1/lists/ip-addresses.ipset?since=2026-11-23T10:00:04Z')
  ).text();
  assert.equal(new Set(text.match(/^add sentrypeer4 .*$/gm)).size, 2500);
});

test('a list without an address is empty, not missing', async () => {
  await using api = await openApi();
  const response = await ask(api, '/v1/lists/ip-addresses.txt');
  assert.equal(response.status, 200);
  assert.equal(await response.text(), '');
});

test('HEAD of a list reads nothing', async () => {
  const totals = someTotals();
  await using api = await openApi({ totals });
  const response = await ask(api, '/v1/lists/ip-addresses.csv', { method: 'HEAD' });
  assert.equal(response.headers.get('content-type'), 'text/csv; charset=utf-8; header=present');
  assert.equal(totals.pagesReadCount, 0);
});

test('what the judge does not list is on no list that machines refuse by', async () => {
  const reputation = new MemoryReputation();
  reputation.notListed.add('203.0.113.5').add('203.0.113.6');
  await using api = await openApi({ totals: someTotals(), reputation });
  for (const ending of ['txt', 'ipset', 'nft', 'rsc']) {
    const response = await ask(api, `/v1/lists/ip-addresses.${ending}?grade=seen`);
    const text = await response.text();
    assert.ok(!text.includes('203.0.113'), ending);
    assert.ok(text.includes('2001:db8::5'), ending);
  }
  const csv = await ask(api, '/v1/lists/ip-addresses.csv');
  assert.match(await csv.text(), /203\.0\.113\.5/);
});

/** Changes that the judge told, each at a second from 2026-11-23T10:00 on. */
function tell(
  reputation: MemoryReputation,
  ...changes: readonly (readonly [second: number, address: string, change: 'listed' | 'unlisted'])[]
): void {
  for (const [second, value, change] of changes) {
    reputation.changed.push({
      kind: 'address',
      value,
      change,
      changeId: (reputation.changed.at(-1)?.changeId ?? 0) + 1,
      atEpochUs: (Date.parse('2026-11-23T10:00:00Z') + second * 1000) * 1000,
      score: 0,
      untilEpochUs: undefined,
      reason: '',
    });
  }
}

test('what the judge took off since a time is taken off a list that is kept up to date', async () => {
  const reputation = new MemoryReputation();
  reputation.notListed.add('203.0.113.9').add('2001:db8::9');
  tell(
    reputation,
    [-1, '203.0.113.8', 'unlisted'],
    [1, '203.0.113.9', 'unlisted'],
    [2, '2001:db8::9', 'unlisted'],
    [3, '203.0.113.7', 'unlisted'],
    [4, '203.0.113.7', 'listed'],
  );
  await using api = await openApi({ reputation });
  const path = '/v1/lists/ip-addresses.ipset?since=2026-11-23T10:00:00Z&family=4';
  const text = await (await ask(api, path)).text();
  assert.deepEqual(
    text.split('\n').filter((line) => line.startsWith('del ')),
    ['del sentrypeer4 203.0.113.9 -exist'],
  );
});

test('what was seen before a time and listed since then comes to a list that is kept up to date', async () => {
  const evidence = evidenceOf(['203.0.113.1', 1], ['203.0.113.2', 2], ['203.0.113.8', 8]);
  const reputation = new MemoryReputation();
  tell(
    reputation,
    [3, '203.0.113.1', 'listed'], // Before that time, so whoever asks has it.
    [6, '203.0.113.2', 'listed'],
    [6, '203.0.113.2', 'listed'],
    [6, '203.0.113.8', 'listed'], // Seen since then, and told once.
    [7, '203.0.113.200', 'listed'], // Of which nothing is known any more.
  );
  await using api = await openApi({ evidence, reputation });
  const path = '/v1/lists/ip-addresses.txt?since=2026-11-23T10:00:05Z';
  assert.equal(await (await ask(api, path)).text(), '203.0.113.2\n203.0.113.8\n');
  assert.equal(await (await ask(api, `${path}&min_count=2`)).text(), '');
});

test('who asks for changes that are kept no more gets the whole list', async () => {
  const reputation = new MemoryReputation();
  tell(reputation, [1, '203.0.113.1', 'listed'], [2, '203.0.113.2', 'listed']);
  reputation.changed.shift();
  await using api = await openApi({ totals: someTotals(), reputation });
  const path = '/v1/lists/ip-addresses.nft';
  const whole = await (await ask(api, path)).text();
  assert.match(whole, /203\.0\.113\.5/);
  assert.equal(await (await ask(api, `${path}?since=2026-11-23T10:00:01Z`)).text(), whole);
  assert.notEqual(await (await ask(api, `${path}?since=2026-11-23T10:00:02Z`)).text(), whole);
});
