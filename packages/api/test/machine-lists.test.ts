// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpApi } from '../src/index.ts';
import { MemoryFeed } from './memory-feed.ts';
import { openApi } from './ports.ts';

const SEEN = '2026-11-23T10:00:01.123000Z';
const UNTIL = '2026-09-21T14:13:20.000000Z';

function ask(api: HttpApi, path: string, init?: RequestInit): Promise<Response> {
  return fetch(`http://127.0.0.1:${api.address.port}${path}`, init);
}

/** The entry listed last comes first. */
function someFeed(): MemoryFeed {
  return new MemoryFeed()
    .list('fe80::1%eth0')
    .list('203.0.113.7;reboot')
    .list('203.0.113.8', { level: 'watch', grade: 'returned' })
    .list('203.0.113.6', { grade: 'seen', eventsCount: 9 }) // No judge lists it, and no list has it either.
    .list('2001:db8::5', { grade: 'returned', eventsCount: 2 })
    .list('203.0.113.5', { eventsCount: 7, reasons: ['it came', 'it said "hello"'] })
    .list('442071234567', { grade: 'seen', score: 40 })
    .list('46701234567', { eventsCount: 3 })
    .list('46701234xxx', { kind: 'range' })
    .list('33123456789', { level: 'watch' });
}

const BEGIN_IPSET =
  'create sentrypeer4 hash:net family inet maxelem 2097152 timeout 0 -exist\n' +
  'create sentrypeer4-new hash:net family inet maxelem 2097152 timeout 0 -exist\nflush sentrypeer4-new\n' +
  'create sentrypeer6 hash:net family inet6 maxelem 2097152 timeout 0 -exist\n' +
  'create sentrypeer6-new hash:net family inet6 maxelem 2097152 timeout 0 -exist\nflush sentrypeer6-new\n';
const END_IPSET =
  'swap sentrypeer4-new sentrypeer4\ndestroy sentrypeer4-new\n' +
  'swap sentrypeer6-new sentrypeer6\ndestroy sentrypeer6-new\n';
const BEGIN_NFT =
  'add table inet sentrypeer\nadd set inet sentrypeer bad4 { type ipv4_addr; flags timeout; }\n' +
  'add set inet sentrypeer net4 { type ipv4_addr; flags interval, timeout; }\n' +
  'add set inet sentrypeer bad6 { type ipv6_addr; flags timeout; }\n' +
  'add set inet sentrypeer net6 { type ipv6_addr; flags interval, timeout; }\n' +
  'flush set inet sentrypeer bad4\nflush set inet sentrypeer net4\n' +
  'flush set inet sentrypeer bad6\nflush set inet sentrypeer net6\n';
const HEAD_CSV =
  'ip_address,grade,seen_count,first_seen,last_seen,level,score,since,until,reasons\r\n';
const FIRST_CSV = `203.0.113.5,handshake,7,${SEEN},${SEEN},listed,60,${SEEN},${UNTIL},"it came; it said ""hello"""\r\n`;
const HEAD_HTABLE =
  'id(int,auto) key_name(string) key_type(int) value_type(int) key_value(string) expires(int)\n' +
  '0:00000000000000000000:0:1:0:0\n';

/** With a row that matches nobody, because Kamailio does not load a table without rows. */
const NOBODY = '0:00000000000000000000:0\n';

const ANSWERS: readonly (readonly [path: string, text: string])[] = [
  ['/v1/lists/ip-addresses.txt', '203.0.113.5\n2001:db8::5\n'],
  ['/v1/lists/ip-addresses.txt?grade=seen', '203.0.113.5\n2001:db8::5\n203.0.113.6\n'],
  ['/v1/lists/ip-addresses.txt?grade=handshake', '203.0.113.5\n'],
  ['/v1/lists/ip-addresses.txt?family=6', '2001:db8::5\n'],
  ['/v1/lists/ip-addresses.txt?min_count=3', '203.0.113.5\n'],
  ['/v1/lists/ip-addresses.txt?level=watch', '203.0.113.5\n2001:db8::5\n203.0.113.8\n'],
  ['/v1/lists/ip-addresses.csv?grade=handshake', `${HEAD_CSV}${FIRST_CSV}`],
  ['/v1/lists/numbers.txt', '+46701234xxx\n+46701234567\n+442071234567\n'],
  [
    '/v1/lists/numbers.txt?level=watch',
    '+33123456789\n+46701234xxx\n+46701234567\n+442071234567\n',
  ],
  ['/v1/lists/numbers.txt?grade=handshake&min_count=2', '+46701234567\n'],
  [
    '/v1/lists/numbers.csv?min_count=3',
    `${HEAD_CSV.replace('ip_address', 'number')}+46701234567,handshake,3,${SEEN},${SEEN},listed,60,${SEEN},${UNTIL},"it came"\r\n`,
  ],
  [
    '/v1/lists/numbers.htable',
    `${HEAD_HTABLE}9:46701234567:0:1:60:1790000000\n8:442071234567:0:1:40:1790000000\n`,
  ],
  [
    '/v1/lists/numbers.mtree',
    `id(int,auto) tprefix(string) tvalue(string)\n${NOBODY}10:46701234:60\n9:46701234567:60\n8:442071234567:40\n`,
  ],
  [
    '/v1/lists/numbers.userblocklist',
    `id(int,auto) prefix(string) allowlist(int)\n${NOBODY}10:46701234:0\n9:46701234567:0\n8:442071234567:0\n`,
  ],
  [
    '/v1/lists/numbers.userblacklist?max_age=0s',
    `id(int,auto) prefix(string) whitelist(int)\n${NOBODY}`,
  ],
  [
    '/v1/lists/numbers.astdb',
    'database deltree sentrypeer\ndatabase put sentrypeer 46701234567 60\ndatabase put sentrypeer 442071234567 40\n',
  ],
  [
    '/v1/lists/numbers.extensions',
    '[sentrypeer-numbers]\nexten => _46701234XXX,1,NoOp(60)\nexten => 46701234567,1,NoOp(60)\nexten => 442071234567,1,NoOp(40)\n',
  ],
  ['/v1/lists/numbers.extensions?max_age=0s', '[sentrypeer-numbers]\n'],
  ['/v1/lists/numbers.json?max_age=0s', '[\n]\n'],
  ['/v1/lists/ip-addresses.txt?max_age=0s', ''],
  ['/v1/lists/ip-addresses.csv?family=4', `${HEAD_CSV}${FIRST_CSV}`],
  [
    '/ip-addresses/ipset',
    `${BEGIN_IPSET}add sentrypeer4-new 203.0.113.5 timeout 3601 -exist\nadd sentrypeer6-new 2001:db8::5 timeout 3601 -exist\n${END_IPSET}`,
  ],
  ['/v1/lists/ip-addresses.ipset?max_age=0s', BEGIN_IPSET + END_IPSET],
  [
    '/v1/lists/ip-addresses.nft?grade=seen',
    `${BEGIN_NFT}add element inet sentrypeer bad4 { 203.0.113.5 timeout 3601s, 203.0.113.6 timeout 3601s }\n` +
      'add element inet sentrypeer bad6 { 2001:db8::5 timeout 3601s }\n',
  ],
  [
    '/v1/lists/ip-addresses.rsc',
    ':do { /ip firewall address-list remove [find list=sentrypeer-new] } on-error={}\n' +
      ':do { [[:parse "/ipv6 firewall address-list remove [find list=sentrypeer-new]"]] } on-error={}\n' +
      ':do { /ip firewall address-list add list=sentrypeer-new address=203.0.113.5 } on-error={}\n' +
      ':do { [[:parse "/ipv6 firewall address-list add list=sentrypeer-new address=2001:db8::5/128"]] } on-error={}\n' +
      ':do { /ip firewall address-list remove [find list=sentrypeer] } on-error={}\n' +
      ':do { /ip firewall address-list set [find list=sentrypeer-new] list=sentrypeer } on-error={}\n' +
      ':do { [[:parse "/ipv6 firewall address-list remove [find list=sentrypeer]"]] } on-error={}\n' +
      ':do { [[:parse "/ipv6 firewall address-list set [find list=sentrypeer-new] list=sentrypeer"]] } on-error={}\n',
  ],
];

for (const [path, text] of ANSWERS) {
  test(`GET ${path} lists what it asks for`, async () => {
    await using api = await openApi({ feed: someFeed() });
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
  ['since=2026-02-30T00:00:00Z', /^since must be once a serial, or a time of RFC 3339/],
  ['since=yesterday', /^since must be once a serial, or a time of RFC 3339/],
  ['since=2026-13-01T00:00:00Z', /^since/],
  ['since=2026-11-23', /^since/],
  ['family=5', /^family must be once one of 4, 6$/],
  ['family=4&family=6', /^family/],
  ['level=all', /^level must be once one of listed, watch$/],
  ['age=1d', /no such parameter; there are grade, min_count, max_age, since, level, family$/],
];

for (const [query, detail] of REFUSED) {
  test(`a list refuses ?${query} and says what would be right`, async () => {
    await using api = await openApi({ feed: someFeed() });
    const response = await ask(api, `/v1/lists/ip-addresses.txt?${query}`);
    assert.equal(response.status, 400);
    assert.equal(response.headers.get('content-type'), 'application/problem+json');
    const problem = (await response.json()) as { readonly status: number; readonly detail: string };
    assert.equal(problem.status, 400);
    assert.match(problem.detail, detail);
  });
}

/** nft takes an entry out before it comes with another time; to take out what is not there would be an error. */
const REPLACED =
  'add element inet sentrypeer bad4 { 203.0.113.3 }\nadd element inet sentrypeer bad6 { 2001:db8::4 }\n' +
  'delete element inet sentrypeer bad4 { 203.0.113.3 }\ndelete element inet sentrypeer bad6 { 2001:db8::4 }\n';

const CHANGES: readonly (readonly [ending: string, added: string, removed: string])[] = [
  [
    'nft',
    `${BEGIN_NFT.replaceAll(/flush.*\n/g, '')}${REPLACED}add element inet sentrypeer bad4 { 203.0.113.3 timeout 3601s }\nadd element inet sentrypeer bad6 { 2001:db8::4 timeout 3601s }\n`,
    REPLACED,
  ],
  [
    'ipset',
    `${BEGIN_IPSET.replaceAll(/(create|flush) \S+-new.*\n/g, '')}add sentrypeer4 203.0.113.3 timeout 3601 -exist\nadd sentrypeer6 2001:db8::4 timeout 3601 -exist\n`,
    'del sentrypeer4 203.0.113.3 -exist\ndel sentrypeer6 2001:db8::4 -exist\n',
  ],
  [
    'rsc',
    ':do { /ip firewall address-list add list=sentrypeer address=203.0.113.3 } on-error={}\n' +
      ':do { [[:parse "/ipv6 firewall address-list add list=sentrypeer address=2001:db8::4/128"]] } on-error={}\n',
    ':do { /ip firewall address-list remove [find list=sentrypeer address=203.0.113.3] } on-error={}\n' +
      ':do { [[:parse "/ipv6 firewall address-list remove [find list=sentrypeer address=2001:db8::4/128]"]] } on-error={}\n',
  ],
];

test('numbers.htable has no end that does not fit into its column', async () => {
  const feed = new MemoryFeed().list('442071234567', { untilEpochUs: Date.UTC(2150, 0, 1) * 1000 });
  await using api = await openApi({ feed });
  const text = await (await ask(api, '/v1/lists/numbers.htable')).text();
  assert.match(text, /^2:442071234567:0:1:60:2147483647$/m);
});

test('changes of numbers.astdb have the score that the whole list has', async () => {
  const feed = new MemoryFeed()
    .tell(1, '46701234567')
    .tell(2, '442071234567')
    .list('442071234567', { score: 40 });
  await using api = await openApi({ feed });
  const text = await (await ask(api, '/v1/lists/numbers.astdb?since=101')).text();
  assert.equal(text, 'database put sentrypeer 442071234567 40\n');
});

test('GET /v1/lists/numbers.json is one array of entries', async () => {
  await using api = await openApi({ feed: someFeed() });
  const entries = (await (await ask(api, '/v1/lists/numbers.json')).json()) as object[];
  assert.equal(entries.length, 3);
  assert.deepEqual(entries[2], {
    kind: 'number',
    value: '+442071234567',
    level: 'listed',
    score: 40,
    grade: 'seen',
    reasons: ['it came'],
    since: SEEN,
    until: UNTIL,
    first_seen: SEEN,
    last_seen: SEEN,
    seen_count: 1,
    blocked: false,
  });
});

for (const [ending, added, removed] of CHANGES) {
  test(`a list for ${ending} since a serial or a time tells what came and what went`, async () => {
    const feed = new MemoryFeed()
      .list('203.0.113.1')
      .tell(1, '203.0.113.1')
      .list('203.0.113.3')
      .tell(3, '203.0.113.3')
      .tell(3, '442071234567')
      .list('2001:db8::4')
      .tell(4, '2001:db8::4');
    await using api = await openApi({ feed });
    const path = `/v1/lists/ip-addresses.${ending}`;
    const whole = await ask(api, path);
    assert.equal(whole.headers.get('x-sentrypeer-serial'), '104');
    assert.equal(whole.headers.get('x-sentrypeer-as-of'), '2026-11-23T10:00:04.000000Z');
    await whole.text();
    for (const since of ['101', '2026-11-23T10:00:02Z']) {
      assert.equal(await (await ask(api, `${path}?since=${since}`)).text(), added);
    }
    assert.ok(!(await (await ask(api, `${path}?since=104`)).text()).includes('203.0.113'));
    feed.listed.splice(0);
    feed.tell(5, '203.0.113.3', 'unlisted').tell(5, '2001:db8::4', 'unlisted');
    const gone = await (await ask(api, `${path}?since=104`)).text();
    assert.equal(gone.slice(gone.length - removed.length), removed);
    assert.ok(!gone.includes('203.0.113.1'), gone);
  });
}

test('a list tells what has become too old for it, and what was met again', async () => {
  const nowUs = Date.now() * 1000;
  const feed = new MemoryFeed()
    .tell(1, '10.1.1.1')
    .list('203.0.113.1', { lastSeenEpochUs: nowUs - 3_700e6 }) // It has become too old since then.
    .list('203.0.113.2', { lastSeenEpochUs: nowUs - 7_260e6 }) // It was too old then.
    .list('203.0.113.3', { lastSeenEpochUs: nowUs - 1e6 }); // It was met again, which no change tells.
  for (const change of feed.changed) Object.assign(change, { atEpochUs: nowUs - 3_600e6 });
  await using api = await openApi({ feed });
  const path = '/v1/lists/ip-addresses.ipset?since=101&max_age=1h';
  const lines = (await (await ask(api, path)).text()).split('\n');
  assert.deepEqual(
    lines.filter((line) => line.startsWith('del ') || line.startsWith('add ')),
    ['del sentrypeer4 203.0.113.1 -exist', 'add sentrypeer4 203.0.113.3 timeout 3601 -exist'],
  );
});

test('what is only watched leaves a list that is kept up to date', async () => {
  const feed = new MemoryFeed()
    .tell(1, '203.0.113.1')
    .tell(2, '203.0.113.1', 'unlisted')
    .tell(2, '203.0.113.1', 'watched')
    .list('203.0.113.1', { level: 'watch' });
  await using api = await openApi({ feed });
  const text = await (await ask(api, '/v1/lists/ip-addresses.ipset?since=101')).text();
  assert.match(text, /^del sentrypeer4 203\.0\.113\.1 -exist$/m);
  assert.doesNotMatch(text, /^add /m);
});

test('CSV since a serial has the entries that changed, each once', async () => {
  const feed = new MemoryFeed()
    .announce('203.0.113.1')
    .announce('203.0.113.2')
    .tell(3, '203.0.113.2')
    .tell(4, '203.0.113.9', 'unlisted');
  await using api = await openApi({ feed });
  const text = await (await ask(api, '/v1/lists/ip-addresses.csv?since=101')).text();
  assert.deepEqual(
    text.split('\r\n').map((line) => line.split(',')[0]),
    ['ip_address', '203.0.113.2', ''],
  );
});

test('who asks for changes that are kept no more, or were never told, gets the whole list', async () => {
  const feed = someFeed().tell(1, '203.0.113.1').tell(2, '203.0.113.2');
  feed.changed.shift();
  await using api = await openApi({ feed });
  const path = '/v1/lists/ip-addresses.nft';
  const whole = await (await ask(api, path)).text();
  assert.match(whole, /203\.0\.113\.5/);
  for (const since of ['2026-11-23T10:00:01Z', '1', '101', '103', '9007199254740991']) {
    assert.equal(await (await ask(api, `${path}?since=${since}`)).text(), whole, since);
  }
  assert.notEqual(await (await ask(api, `${path}?since=2026-11-23T10:00:02Z`)).text(), whole);
  assert.notEqual(await (await ask(api, `${path}?since=102`)).text(), whole);
});

test('a time that has not come yet, as a wrong clock gave it out, gets the whole list and misses nothing', async () => {
  // Changes of a clock that stood in 2099; it is right again, and so are they.
  const feed = new MemoryFeed().announce('203.0.113.1').announce('203.0.113.2');
  await using api = await openApi({ feed });
  for (const ending of ['txt', 'csv', 'ipset', 'nft', 'rsc']) {
    const path = `/v1/lists/ip-addresses.${ending}`;
    const whole = await (await ask(api, path)).text();
    assert.match(whole, /203\.0\.113\.2/);
    assert.equal(await (await ask(api, `${path}?since=2099-01-01T00:00:00Z`)).text(), whole);
  }
});

test('what a list tells of changes may be of any length', async () => {
  const feed = new MemoryFeed().tell(0, '10.1.1.1');
  for (let index = 0; index < 2500; index += 1) feed.announce(`10.0.${index >> 8}.${index & 255}`);
  await using api = await openApi({ feed });
  const text = await (await ask(api, '/v1/lists/ip-addresses.ipset?since=101')).text();
  assert.equal(new Set(text.match(/^add sentrypeer4 .*$/gm)).size, 2500);
});

test('a list without an address is empty, not missing', async () => {
  await using api = await openApi();
  const response = await ask(api, '/v1/lists/ip-addresses.txt');
  assert.equal(response.status, 200);
  assert.equal(await response.text(), '');
});

test('HEAD of a list reads nothing', async () => {
  const feed = someFeed();
  await using api = await openApi({ feed });
  const response = await ask(api, '/v1/lists/ip-addresses.csv', { method: 'HEAD' });
  assert.equal(response.headers.get('content-type'), 'text/csv; charset=utf-8; header=present');
  assert.equal(feed.snapshotsCount, 0);
});

test('lists carry prefixes, and the time that is left to an entry and may be added to it untold', async () => {
  const [past, farAway] = [Date.parse('2026-01-01') * 1000, Date.parse('2100-01-01') * 1000];
  const feed = new MemoryFeed()
    .list('2001:db8:1::/64', { untilEpochUs: past })
    .list('203.0.113.0/24', { untilEpochUs: farAway })
    .list('203.0.113.4/32', { untilEpochUs: past });
  await using api = await openApi({ feed });
  const nft = await (await ask(api, '/v1/lists/ip-addresses.nft')).text();
  assert.deepEqual(nft.match(/^add element .*$/gm), [
    'add element inet sentrypeer bad4 { 203.0.113.4/32 timeout 3601s }',
    'add element inet sentrypeer net4 { 203.0.113.0/24 timeout 2147483s }',
    'add element inet sentrypeer net6 { 2001:db8:1::/64 timeout 3601s }',
  ]);
  const ipset = await (await ask(api, '/v1/lists/ip-addresses.ipset')).text();
  assert.deepEqual(ipset.match(/^add .*$/gm), [
    'add sentrypeer4-new 203.0.113.4/32 timeout 3601 -exist',
    'add sentrypeer4-new 203.0.113.0/24 timeout 2147483 -exist',
    'add sentrypeer6-new 2001:db8:1::/64 timeout 3601 -exist',
  ]);
});
