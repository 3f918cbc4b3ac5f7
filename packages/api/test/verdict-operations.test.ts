// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What is listed, why, and what the operator says about it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpApi } from '../src/index.ts';
import { COMMENT_CHARACTERS_MAX, DECISION_OCTETS_MAX, READINGS_COUNT_MAX } from '../src/limits.ts';
import { MemoryEvidence } from './memory-evidence.ts';
import { MemoryTotals } from './memory-totals.ts';
import { MemoryFeed } from './memory-feed.ts';
import { MemoryReputation, UNTIL_US } from './memory-reputation.ts';
import { openApi } from './ports.ts';

const UNTIL = '2026-09-21T14:13:20.000000Z';

async function get(api: HttpApi, path: string): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${api.address.port}${path}`);
  return response.json();
}

function someReputation(): MemoryReputation {
  const reputation = new MemoryReputation();
  const meaning = { e164: '46701234567', country: 'SE', type: 'mobile' } as const;
  reputation.numbers.set('0701234567', {
    ...meaning,
    level: 'listed',
    listed: true,
    score: 60,
    reasons: ['called'],
    untilEpochUs: UNTIL_US,
    destinationClass: 'foreign-mobile',
    pool: { voters: 2, uncounted: 0, quorum: 2, strangers: 5, networks: 3 },
  });
  reputation.called.set('46701234567', {
    grade: 'seen',
    eventsCount: 7,
    firstEpochUs: UNTIL_US,
    lastEpochUs: UNTIL_US,
    daysCount: 1,
    nodesCount: 1,
    formsCount: 3,
    sourcesCount: 1,
    confidence: 1,
    proved: undefined,
  });
  reputation.addresses.set('11.22.33.44', ['came', 'proved']);
  return reputation;
}

test('GET /v1/check answers for a number in another form than it was dialled in', async () => {
  await using api = await openApi({ reputation: someReputation() });
  assert.deepEqual(await get(api, '/v1/check?number=0701234567'), {
    verdict: 'listed',
    level: 'listed',
    listed: true,
    score: 60,
    reasons: ['called'],
    expires: UNTIL,
    number: {
      number: '+46701234567',
      e164: '+46701234567',
      country: 'SE',
      number_type: 'mobile',
      first_seen: UNTIL,
      last_seen: UNTIL,
      seen_count: 7,
      shared_count: 0,
    },
    address: null,
    country: null,
    network: null,
    network_name: null,
    pool: { voters: 2, uncounted: 0, quorum: 2, strangers: 5, networks: 3 },
  });
});

test('GET /v1/numbers/{number} finds a number in any form', async () => {
  await using api = await openApi({ reputation: someReputation() });
  const found = (await get(api, '/v1/numbers/0701234567')) as { number: string };
  assert.equal(found.number, '+46701234567');
});

test('a called number is found in a URI, with separators, and as a name in the events', async () => {
  const evidence = new MemoryEvidence();
  const seen = { firstSeenEpochUs: 1, lastSeenEpochUs: 1, seenCount: 1, sharedCount: 0 };
  evidence.numberList.push({ ...seen, totalId: 1, number: '0+4612' });
  await using api = await openApi({ evidence });
  for (const text of ['0+4612', 'sip:0+46-12@192.0.2.1;user=phone', 'tel:0+46 12', '0 (+46) 12']) {
    const found = await get(api, `/v1/numbers/${encodeURIComponent(text)}`);
    assert.equal((found as { number: string }).number, '0+4612', text);
  }
  assert.deepEqual(await get(api, '/v1/events?called_number=alice'), { items: [], next: null });
});

test('events are looked for by what was dialled, whatever its form, and by a range of numbers', async () => {
  const evidence = new MemoryEvidence();
  await using api = await openApi({ evidence, reputation: someReputation() });
  for (const [asked, first, last] of [
    ['0701234567', '46701234567', '46701234567'],
    ['%2B4670123xx', '467012300', '467012399'],
    ['4670123xxx', '4670123000', '4670123999'],
    ['alice', 'alice', 'alice'],
  ] as const) {
    await get(api, `/v1/events?number=${asked}`);
    assert.deepEqual(evidence.lastFilter, { numbers: { first, last } }, asked);
  }
});

for (const [level, expected] of [
  ['listed', [200, 404, 404, 404, 404, 200, 404, 404]],
  ['known', [200, 200, 404, 404, 404, 200, 200, 404]],
  ['hearsay', [200, 200, 200, 404, 404, 200, 200, 200]],
] as const) {
  test(`routes of 4.x and HQ tell at the level ${level} of what is ${level}, never of what is guarded`, async () => {
    const reputation = someReputation();
    const evidence = new MemoryEvidence();
    const totals = new MemoryTotals();
    reputation.standings.set('0701234567', 'met').set('46102', 'met').set('46104', 'guarded');
    reputation.standings.set('46105', 'delisted');
    reputation.standings.set('11.22.33.44', 'met').set('11.22.33.45', 'met');
    const seen = {
      firstSeenEpochUs: 1,
      lastSeenEpochUs: 1,
      seenCount: 1,
      sharedCount: 0,
      totalId: 1,
    };
    for (const number of ['46103', '46104', '46105']) {
      evidence.numberList.push({ ...seen, number });
      totals.addNumber(number);
    }
    evidence.addressList.push({ ...seen, address: '11.22.33.46', grade: 'seen' });
    totals.addAddress('11.22.33.46');
    const lookUpLevels = { '4.x': level, hq: level, apiban: level };
    await using api = await openApi({ reputation, evidence, totals }, { lookUpLevels });
    for (const [numbers, addresses] of [
      ['/numbers/', '/ip-addresses/'],
      ['/api/phone-numbers/', '/api/ip-addresses/'],
    ] as const) {
      const found: number[] = [];
      for (const path of [
        ...['0701234567', '46102', '46103', '46104', '46105'].map((one) => numbers + one),
        ...['11.22.33.44', '11.22.33.45', '11.22.33.46'].map((one) => addresses + one),
      ]) {
        const response = await fetch(`http://127.0.0.1:${api.address.port}${path}`);
        await response.text();
        found.push(response.status);
      }
      assert.deepEqual(found, expected, numbers);
    }
  });
}

test('GET /v1/check takes a plus before a number for one, escaped or not', async () => {
  const reputation = someReputation();
  const plain = reputation.numbers.get('0701234567');
  assert.ok(plain !== undefined);
  reputation.numbers.set('+46701234567', plain);
  await using api = await openApi({ reputation });
  for (const number of ['+46701234567', '%2B46701234567', '%20%2B46701234567', '+46701234567%20']) {
    const body = (await get(api, `/v1/check?number=${number}`)) as { verdict: string };
    assert.equal(body.verdict, 'listed', number);
  }
});

test('GET /v1/check and /v1/explain take what the honeypot records and a PBX may send', async () => {
  const reputation = someReputation();
  await using api = await openApi({ reputation });
  for (const [query, asked] of [
    ['0+46701234567', '0+46701234567'],
    ['9011+46701234567', '9011+46701234567'],
    ['9011%2B46701234567', '9011+46701234567'],
    ['++46701234567', '++46701234567'],
    ['46+70+123+45+67', '46 70 123 45 67'],
    ['08+1234567', '08 1234567'],
    ['%2B46%2070-123', '+46 70-123'],
    ['sip:%2B4670123@pbx.example;user=phone', 'sip:+4670123@pbx.example;user=phone'],
    ['tel:112', 'tel:112'],
    ['urn:service:sos', 'urn:service:sos'],
    ['9%2300461', '9#00461'],
  ] as const) {
    for (const path of ['check', 'explain']) await get(api, `/v1/${path}?number=${query}`);
    assert.deepEqual(reputation.asked.splice(0), [asked, asked], query);
  }
});

test('GET /v1/check says of an address that may be forged that it may', async () => {
  const evidence = new MemoryEvidence();
  const seen = {
    firstSeenEpochUs: UNTIL_US,
    lastSeenEpochUs: UNTIL_US,
    seenCount: 3,
    sharedCount: 0,
    totalId: 1,
  };
  evidence.addressList.push({ ...seen, address: '11.22.33.45', grade: 'seen' });
  const shared = { seenCount: 0, sharedCount: 3, totalId: 2, grade: 'seen' } as const;
  evidence.addressList.push({ ...seen, ...shared, address: '11.22.33.47' });
  const reputation = someReputation();
  reputation.standings.set('11.22.33.45', 'met');
  await using api = await openApi({ evidence, reputation });
  for (const [query, verdict, reasons] of [
    ['address=11.22.33.47', 'unknown', 1],
    ['address=11.22.33.45', 'unproved', 1],
    ['address=11.22.33.44', 'listed', 2],
    ['address=::ffff:11.22.33.44', 'listed', 2],
    ['address=11.22.33.46&number=1', 'unknown', 0],
    ['address=11.22.33.44&number=0701234567', 'listed', 3],
  ] as const) {
    const body = (await get(api, `/v1/check?${query}`)) as { verdict: string; reasons: string[] };
    assert.deepEqual([body.verdict, body.reasons.length], [verdict, reasons], query);
  }
  const hearsay = (await get(api, '/v1/check?address=11.22.33.47')) as { reasons: string[] };
  assert.deepEqual(hearsay.reasons, [
    'nothing came from this address here; other nodes reported 3 events from it',
  ]);
});

test('GET /v1/readings says what digits mean, in the order of the question', async () => {
  await using api = await openApi({ reputation: someReputation() });
  assert.deepEqual(await get(api, '/v1/readings?numbers=nobody,0701234567'), {
    items: [
      { dialled: 'nobody', e164: null, grouped: null, country: null },
      { dialled: '0701234567', e164: '+46701234567', grouped: '+46 701234567', country: 'SE' },
    ],
  });
  const many = Array.from({ length: READINGS_COUNT_MAX + 1 }, () => '1');
  for (const query of ['', '?numbers=', '?numbers=1,,2', `?numbers=${many.join(',')}`]) {
    const response = await fetch(`http://127.0.0.1:${api.address.port}/v1/readings${query}`);
    assert.equal(response.status, 400, query);
    assert.match(await response.text(), /numbers/);
  }
});

test('GET /v1/explain says since when and until when', async () => {
  const reputation = someReputation();
  const feed = new MemoryFeed().list('46701234567', { sinceEpochUs: UNTIL_US - 1e6 });
  await using api = await openApi({ reputation, feed });
  assert.deepEqual(await get(api, '/v1/explain?number=0701234567&address=11.22.33.46'), {
    verdict: 'listed',
    level: 'listed',
    listed: true,
    score: 60,
    reasons: ['called'],
    expires: UNTIL,
    number: {
      kind: 'number',
      e164: '+46701234567',
      grouped: '+46 701234567',
      country: 'SE',
      number_type: 'mobile',
      destination_class: 'foreign-mobile',
      range: null,
      pool: { voters: 2, uncounted: 0, quorum: 2, strangers: 5, networks: 3 },
      shared_count: 0,
      unlist: [
        '{"delist":"+46701234567"} until it comes again',
        '{"allow":"+46701234567"} never to list it',
      ],
      listed: true,
      level: 'listed',
      score: 60,
      reasons: ['called'],
      since: '2026-09-21T14:13:19.000000Z',
      until: UNTIL,
    },
    address: {
      entry: '11.22.33.46',
      pool: null,
      shared_count: 0,
      listed: false,
      level: 'none',
      unlist: [],
      score: 0,
      reasons: [],
      since: null,
      until: null,
    },
  });
});

async function decide(api: HttpApi, body: unknown, role = 'admin'): Promise<Response> {
  return fetch(`http://127.0.0.1:${api.address.port}/v1/decisions`, {
    method: 'POST',
    headers: { 'x-api-key': role, 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

function withKeys(): MemoryEvidence {
  const evidence = new MemoryEvidence();
  for (const role of ['read', 'write', 'admin'] as const)
    evidence.keys.set(role, { name: role, role });
  return evidence;
}

test('POST /v1/decisions writes what the operator says', async () => {
  const reputation = someReputation();
  reputation.numbers.set('99912345678', { kind: 'unknown' });
  await using api = await openApi({ reputation, evidence: withKeys() });
  for (const body of [
    { allow: '192.0.2.0/24', comment: 'ours', until: '2099-09-21T14:13:20Z' },
    { allow: '+46*' },
    { allow: '0.0.0.0/0', yes: true },
    { disallow: '+46*' },
    { delist: '::ffff:11.22.33.44' },
    { delist: '0701234567', comment: 'a customer' },
    { delist: '+46850780xx' },
    { delist: '99912345678' },
    { block: '45.0.0.0/8', comment: 'scans', until: '2099-09-21T14:13:20Z' },
    { block: '0.0.0.0/0', yes: true },
    { unblock: '192.0.2.7' },
  ]) {
    const response = await decide(api, body);
    assert.equal(response.status, 204, await response.text());
  }
  assert.deepEqual(reputation.decisions, [
    {
      kind: 'allow',
      value: '192.0.2.0/24',
      alike: ['old 192.0.2.0/24'],
      comment: 'ours',
      untilEpochUs: Date.UTC(2099, 8, 21, 14, 13, 20) * 1000,
    },
    { kind: 'allow', value: '+46*', alike: ['old +46*'], comment: '', untilEpochUs: undefined },
    {
      kind: 'allow',
      value: '0.0.0.0/0',
      alike: ['old 0.0.0.0/0'],
      comment: '',
      untilEpochUs: undefined,
    },
    { kind: 'disallow', value: '+46*', alike: ['old +46*'] },
    { kind: 'delist', subject: { kind: 'address', value: '11.22.33.44' }, comment: '' },
    { kind: 'delist', subject: { kind: 'number', value: '46701234567' }, comment: 'a customer' },
    { kind: 'delist', subject: { kind: 'range', value: '46850780xx' }, comment: '' },
    { kind: 'delist', subject: { kind: 'number', value: '99912345678' }, comment: '' },
    {
      kind: 'block',
      subject: { kind: 'address', value: '45.0.0.0/8' },
      comment: 'scans',
      untilEpochUs: Date.UTC(2099, 8, 21, 14, 13, 20) * 1000,
    },
    {
      kind: 'block',
      subject: { kind: 'address', value: '0.0.0.0/0' },
      comment: '',
      untilEpochUs: undefined,
    },
    { kind: 'unblock', subject: { kind: 'address', value: '192.0.2.7' } },
  ]);
  reputation.blocked.set('46701234567', {
    subject: { kind: 'number', value: '46701234567' },
    comment: 'fraud',
    createdEpochUs: UNTIL_US,
    untilEpochUs: undefined,
  });
  assert.deepEqual(await get(api, '/v1/blocklist'), {
    items: [
      { kind: 'number', value: '+46701234567', comment: 'fraud', created: UNTIL, until: null },
    ],
  });

  assert.deepEqual(await get(api, '/v1/allowlist'), {
    items: [{ value: '192.0.2.0/24', comment: 'ours', created: UNTIL, until: null }],
  });
});

test('POST /v1/decisions is only for admins, on this machine too', async () => {
  const reputation = someReputation();
  await using api = await openApi({ reputation, evidence: withKeys() });
  for (const [role, status] of [
    ['read', 403],
    ['write', 403],
    ['nobody', 401],
    ['', 401],
  ] as const) {
    const response = await decide(api, { allow: '192.0.2.1' }, role);
    await response.text();
    assert.equal(response.status, status, role);
  }
  assert.deepEqual(reputation.decisions, []);
});

test('POST /v1/decisions refuses what cannot be meant', async () => {
  const reputation = someReputation();
  await using api = await openApi({ reputation, evidence: withKeys() });
  for (const body of [
    '',
    '{',
    '[]',
    '"x"',
    'null',
    {},
    { allow: 1 },
    { allow: 'nonsense' },
    { allow: 'a', delist: 'b' },
    { allow: 'a', until: 'soon' },
    { allow: 'a', until: '2001-01-01T00:00:00Z' },
    { allow: 'a', until: '2099-02-30T00:00:00Z' },
    { allow: '0.0.0.0/0' },
    { allow: '0.0.0.0/0', yes: 'no' },
    { delist: '192.0.2.1', yes: true },
    { delist: 'a', until: '2026-09-21T14:13:20Z' },
    { delist: 'office' },
    { delist: '+468xxxxxxx' },
    { allow: 'a', comment: 'x'.repeat(COMMENT_CHARACTERS_MAX + 1) },
    { allow: 'a', because: 'b' },
    { delist: '999' },
    { block: 'nonsense' },
    { block: '192.0.2.7' },
    { block: '0.0.0.0/0' },
    { block: 'a', until: '2001-01-01T00:00:00Z' },
    { unblock: 'a', until: '2099-01-01T00:00:00Z' },
    '{"__proto__":{"allow":"x"}}',
  ]) {
    const response = await decide(api, body);
    assert.equal(response.status, 400, JSON.stringify(body));
    assert.match(response.headers.get('content-type') ?? '', /problem/);
    await response.text();
  }
  const large = await decide(api, 'x'.repeat(DECISION_OCTETS_MAX + 1));
  assert.equal(large.status, 413);
  await large.text();
  for (const [code, status] of [
    ['allowance_unknown', 404],
    ['allowlist_full', 409],
    ['block_unknown', 404],
    ['blocklist_full', 409],
    ['db_locked', 503],
  ] as const) {
    reputation.fails = code;
    const response = await decide(api, { disallow: 'x' });
    await response.text();
    assert.equal(response.status, status);
  }
});
