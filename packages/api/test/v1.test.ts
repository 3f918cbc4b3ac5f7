// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The routes under /v1: what they refuse, what is conditional, what describes them. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpApi } from '../src/index.ts';
import { MemoryEvidence } from './memory-evidence.ts';
import { MemoryPlaces } from './memory-places.ts';
import { openApi } from './ports.ts';

function ask(api: HttpApi, path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${api.address.port}${path}`, init);
}

const SEEN = {
  firstSeenEpochUs: 1_790_000_000_000_001,
  lastSeenEpochUs: 1_790_000_600_000_000,
  seenCount: 3,
  sharedCount: 0,
};

function someEvidence(): MemoryEvidence {
  const evidence = new MemoryEvidence();
  for (let index = 9; index > 0; index -= 1) {
    evidence.addressList.push({
      ...SEEN,
      totalId: index,
      address: `203.0.113.${index}`,
      grade: index % 2 === 0 ? 'returned' : 'seen',
    });
  }
  evidence.numberList.push({ ...SEEN, totalId: 1, number: '0046123' });
  return evidence;
}

const REFUSED: readonly (readonly [path: string, detail: RegExp])[] = [
  ['/v1/addresses?limit=0', /^limit must be once from 1 to 1000$/],
  ['/v1/addresses?limit=1001', /^limit/],
  ['/v1/addresses?limit=ten', /^limit/],
  ['/v1/addresses?limit=5&limit=6', /^limit must be once/],
  ['/v1/addresses?cursor=x', /^cursor must be once the next of a page before$/],
  ['/v1/addresses?cursor=1-1-1', /^cursor/],
  ['/v1/addresses?cursor=99999999999999999-1', /^cursor/],
  ['/v1/addresses?grade=none', /^grade must be once one of seen, returned, handshake$/],
  ['/v1/addresses?page=2', /no such parameter; there are grade, min_count, .*cursor$/],
  ['/v1/addresses?__proto__=2', /no such parameter/],
  ['/v1/addresses/1.2.3', /^address must be an IP address/],
  ['/v1/addresses/1.2.3.4%2f8', /^address/],
  ['/v1/addresses/1.2.3.4%2f64', /^address/],
  ['/v1/addresses/2001:db8:1:2::%2f56', /^address must be .* such as 2001:db8::\/64$/],
  ['/v1/addresses/fe80::1%25eth0', /^address/],
  [`/v1/addresses/${'1'.repeat(99)}`, /^address/],
  ['/v1/numbers/alice', /^number must be a number as it was dialled/],
  ['/v1/numbers/%00', /^number/],
  [`/v1/numbers/${'1'.repeat(99)}`, /^number/],
  ['/v1/numbers?since=yesterday', /^since must be once a time of RFC 3339/],
  ['/v1/numbers?since=2026-11-24T16:00:00', /^since/],
  ['/v1/numbers?min_count=0', /^min_count/],
  ['/v1/user-agents?family=4', /no such parameter/],
  ['/v1/addresses?country=Sweden', /^country must be once the two letters of a country$/],
  ['/v1/addresses?network=64500', /^network must be once a network such as AS64500 or/],
  ['/v1/countries?limit=5', /no such parameter; there are none$/],
  ['/v1/networks?cursor=5-AS', /^cursor/],
  ['/v1/networks?cursor=5', /^cursor/],
  ['/v1/networks?limit=0', /^limit/],
  ['/v1/methods?since=2026-99-99T00:00:00Z', /^since/],
  ['/v1/totals?interval=year', /^interval must be once one of hour, day$/],
  ['/v1/events?source_ip=x', /^source_ip/],
  ['/v1/events?called_number=', /^called_number/],
  ['/v1/events?transport=SCTP', /^transport/],
  ['/v1/events?method=', /^method must be once a text of 1 to 256 characters$/],
  [`/v1/events?user_agent=${'x'.repeat(257)}`, /^user_agent/],
  ['/v1/events?order=up', /^order/],
  ['/v1/events?cursor=-1', /^cursor/],
  ['/v1/events?include=everything', /^include/],
  ['/v1/events/1', /^event_uuid must be a UUID$/],
  ['/v1/events/stream?after=x', /^after/],
  ['/v1/events/stream?per_second=0', /^per_second must be once from 1 to 1000$/],
  ['/v1/events?per_second=5', /no such parameter/],
  ['/v1/events.csv?limit=5', /no such parameter/],
  ['/v1/check', /^there must be a number, an address, or both$/],
  ['/v1/check?number=', /^number/],
  ['/v1/check?address=localhost', /^address/],
];

for (const [path, detail] of REFUSED) {
  test(`GET ${path.slice(0, 60)} is 400 and says what would be right`, async () => {
    await using api = await openApi({ evidence: someEvidence() });
    const response = await ask(api, path);
    assert.equal(response.status, 400);
    assert.equal(response.headers.get('content-type'), 'application/problem+json');
    const problem = (await response.json()) as Readonly<Record<string, unknown>>;
    assert.equal(problem['title'], 'Bad Request');
    assert.match(String(problem['detail']), detail);
  });
}

test('a stream refuses an invalid Last-Event-ID', async () => {
  await using api = await openApi();
  const response = await ask(api, '/v1/events/stream', { headers: { 'last-event-id': 'x' } });
  assert.equal(response.status, 400);
});

test('pages follow one another to the end, whatever is left out between', async () => {
  await using api = await openApi({ evidence: someEvidence() });
  for (const [query, expected] of [
    ['limit=2', [9, 8, 7, 6, 5, 4, 3, 2, 1]],
    ['limit=2&grade=returned', [8, 6, 4, 2]],
    ['limit=3&since=2030-01-01T00:00:00Z', []],
    ['limit=1000&min_count=4', []],
  ] as const) {
    const found: number[] = [];
    let next: string | null = '';
    while (next !== null) {
      const cursor: string = next === '' ? '' : `&cursor=${next}`;
      const response = await ask(api, `/v1/addresses?${query}${cursor}`);
      const page = (await response.json()) as {
        readonly items: readonly { readonly address: string }[];
        readonly next: string | null;
      };
      found.push(...page.items.map(({ address }) => Number(address.split('.').at(-1))));
      next = page.next;
    }
    assert.deepEqual(found, expected, query);
  }
});

test('networks are walked to the end, and what is not known is null', async () => {
  const places = new MemoryPlaces();
  const total = { addressesCount: 2, ...SEEN };
  places.countryList = [
    { country: 'SE', ...total },
    { country: '', ...total },
  ];
  places.networkList = ['AS64500', '2001:db8::/48', '203.0.113.0/24'].map((network) => ({
    network,
    name: network === 'AS64500' ? 'Example' : '',
    ...total,
  }));
  await using api = await openApi({ places });
  const countries = (await (await ask(api, '/v1/countries')).json()) as { items: object[] };
  assert.deepEqual(
    countries.items.map((item) => Object.values(item).slice(0, 3)),
    [
      ['SE', 2, 3],
      [null, 2, 3],
    ],
  );
  const found: unknown[] = [];
  let next: string | null = '';
  while (next !== null) {
    const cursor: string = next === '' ? '' : `&cursor=${encodeURIComponent(next)}`;
    const page = (await (await ask(api, `/v1/networks?limit=1${cursor}`)).json()) as {
      readonly items: readonly { readonly network: string; readonly name: string | null }[];
      readonly next: string | null;
    };
    found.push(...page.items.map(({ network, name }) => [network, name]));
    next = page.next;
  }
  assert.deepEqual(found, [
    ['AS64500', 'Example'],
    ['2001:db8::/48', null],
    ['203.0.113.0/24', null],
  ]);
});

test('an answer is sent again only when the data has changed', async () => {
  const evidence = someEvidence();
  await using api = await openApi({ evidence });
  const path = '/v1/addresses/203.0.113.2';
  const tag = (await ask(api, path)).headers.get('etag') ?? '';
  assert.match(tag, /^W\/"/);
  const conditional = { headers: { 'if-none-match': `"other", ${tag}` } };
  assert.equal((await ask(api, path, conditional)).status, 304);
  evidence.changes += 1;
  assert.equal((await ask(api, path, conditional)).status, 200);
  const moving = await ask(api, '/v1/addresses?max_age=1h');
  assert.equal(moving.headers.get('etag'), null, 'it also changes with time');
});

test('a long answer is compressed for those who can read it', async () => {
  await using api = await openApi({ evidence: someEvidence() });
  for (const [accepted, expected] of [
    ['gzip', 'gzip'],
    ['br, GZIP;q=0.5', 'gzip'],
    ['gzip;q=0', null],
    ['identity', null],
  ] as const) {
    const headers = { 'accept-encoding': accepted };
    const response = await ask(api, '/openapi.json', { headers });
    assert.equal(response.headers.get('content-encoding'), expected, accepted);
    assert.equal(((await response.json()) as { openapi: string }).openapi, '3.1.0');
  }
  const short = await ask(api, '/v1/summary', { headers: { 'accept-encoding': 'gzip' } });
  assert.equal(short.headers.get('content-encoding'), null);
});

test('/docs shows every operation and loads nothing', async () => {
  await using api = await openApi();
  const html = await (await ask(api, '/docs')).text();
  const document = (await (await ask(api, '/openapi.json')).json()) as { paths: object };
  for (const path of Object.keys(document.paths)) {
    assert.match(html, new RegExp(`(GET|POST) ${RegExp.escape(path)}<`), path);
  }
  assert.doesNotMatch(html, /<script|<link|<img|https?:\/\//);
});
