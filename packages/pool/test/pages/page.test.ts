// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { packFacts, unpackFacts, type ClaimFacts } from '@sentrypeer/event';
import { PAGE_CLAIMS_MAX, PAGE_OCTETS_MAX } from '../../src/limits.ts';
import { decodePage, encodePage, inOrder, pageHolds, type Page } from '../../src/pages/page.ts';
import { claimEndS, pageEndS, pageUnfit } from '../../src/pages/page-age.ts';
import { authorOf, claimOf, NOW_HOUR, NOW_S, pageOf } from './pages.ts';

const ALICE = authorOf('alice');
const CORPUS = join(import.meta.dirname, '../../../../test/corpus/pool/pages.jsonl');

function decoded(octets: Uint8Array): Page {
  const read = decodePage(octets);
  assert.ok('page' in read, JSON.stringify(read));
  return read.page;
}

function refusal(octets: Uint8Array): unknown {
  const read = decodePage(octets);
  assert.ok('code' in read);
  return [read.code, read.offset];
}

const facts: fc.Arbitrary<ClaimFacts> = fc.record(
  {
    grade: fc.constantFrom('seen', 'returned', 'handshake'),
    contactsLog2: fc.nat(15),
    daysCount: fc.integer({ min: 1, max: 8 }),
    triedPasswords: fc.boolean(),
    madeCostlyCalls: fc.boolean(),
    usedTool: fc.boolean(),
    breadthLog2: fc.nat(15),
  },
  { noNullPrototype: true },
);
const value = fc.oneof(
  fc.tuple(fc.nat(255), fc.nat(255)).map(([a, b]) => `45.12.${a}.${b}`),
  fc.nat(0xfffe).map((group) => `2a01:4f8:1:${(group + 1).toString(16)}::/64`),
  fc.stringMatching(/^[1-9][0-9]{4,14}$/),
);
const claims = fc.array(
  fc
    .tuple(value, fc.integer({ min: 0, max: NOW_HOUR }), facts)
    .map(([text, lastHour, said]) => claimOf(text, { lastHour, ...said })),
  { maxLength: PAGE_CLAIMS_MAX },
);

test('`decodePage()` reads what `encodePage()` writes, and one set of claims has one form', () => {
  fc.assert(
    fc.property(claims, fc.boolean(), (said, isQuiet) => {
      const octets = pageOf(ALICE, { claims: said, isQuiet, networkId: 7 });
      const page = decoded(octets);
      assert.deepEqual(page.claims, inOrder(said));
      assert.equal(page.isQuiet, isQuiet);
      assert.ok(octets.length <= PAGE_OCTETS_MAX);
      assert.ok(pageHolds(octets));
      const shuffled = pageOf(ALICE, { claims: inOrder(said).toReversed(), isQuiet, networkId: 7 });
      assert.deepEqual(shuffled, octets);
    }),
    { numRuns: 60 },
  );
});

test('`unpackFacts()` reads what `packFacts()` writes', () => {
  fc.assert(fc.property(facts, (said) => assert.deepEqual(unpackFacts(packFacts(said)), said)));
});

test('no change of an octet leaves a page that holds, and none is thrown at', () => {
  const octets = pageOf(ALICE, {
    claims: [claimOf('45.12.3.4'), claimOf('2a01:4f8:1:2::/64'), claimOf('442071234567')],
  });
  for (let at = 0; at < octets.length; at += 1) {
    for (const bit of [1, 16, 128]) {
      const changed = new Uint8Array(octets);
      changed[at] = (changed[at] ?? 0) ^ bit;
      const read = decodePage(changed);
      assert.ok('code' in read || !pageHolds(changed), `octet ${at}`);
    }
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (noise) => {
      const read = decodePage(noise);
      assert.ok('code' in read || !pageHolds(noise));
    }),
  );
});

test('nobody makes a second signature of a page, by which its author would seem to say two things', () => {
  // The order of the group, RFC 8032 §5.1: a signature whose S is larger by this solves the same equation.
  const order = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;
  for (let serial = NOW_S; serial < NOW_S + 20; serial += 1) {
    const octets = pageOf(ALICE, { serial, claims: [claimOf('45.12.3.4')] });
    assert.ok(pageHolds(octets));
    const half = octets.slice(-32);
    let s = BigInt(`0x${half.toReversed().toHex()}`) + order;
    for (; s < 2n ** 256n; s += order) {
      const other = Uint8Array.fromHex(s.toString(16).padStart(64, '0')).toReversed();
      assert.equal(pageHolds(patched(octets, octets.length - 32, ...other)), false);
    }
  }
});

test('nobody speaks by a key of small order, for which a signature without a secret solves the equation', () => {
  // Points of order 1, 2, 4 (two) and 8 (two), and the neutral one in another spelling.
  const keys = [
    `01${'00'.repeat(31)}`,
    `ec${'ff'.repeat(30)}7f`,
    '00'.repeat(32),
    `${'00'.repeat(31)}80`,
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    `01${'00'.repeat(30)}80`,
  ].map((hex) => Uint8Array.fromHex(hex));
  const signature = new Uint8Array(64);
  signature[0] = 1; // R is the neutral point, and S is 0.
  for (const publicKey of keys) {
    for (let serial = NOW_S; serial < NOW_S + 64; serial += 1) {
      const octets = pageOf(
        { ...ALICE, publicKey, sign: () => signature },
        { serial, claims: [claimOf('45.12.3.4')] },
      );
      assert.ok('page' in decodePage(octets));
      assert.equal(pageHolds(octets), false, publicKey.toHex());
    }
  }
});

test('`decodePage()` refuses every proper beginning of a page and whatever follows it', () => {
  const octets = pageOf(ALICE, { claims: [claimOf('45.12.3.4'), claimOf('442071234567')] });
  for (let size = 0; size < octets.length; size += 1) {
    assert.ok('code' in decodePage(octets.subarray(0, size)), `${size} octets`);
  }
  assert.ok('code' in decodePage(new Uint8Array([...octets, 0])));
});

/** The page with some octets replaced; the signature does not matter. */
function patched(octets: Uint8Array, at: number, ...others: readonly number[]): Uint8Array {
  const changed = new Uint8Array(octets);
  changed.set(others, at);
  return changed;
}

test('`decodePage()` says what is wrong with a page and where', () => {
  const two = pageOf(ALICE, { claims: [claimOf('45.12.3.4'), claimOf('45.12.3.5')] });
  assert.deepEqual(refusal(patched(two, 0, 2)), ['page_version', 0]);
  assert.deepEqual(refusal(patched(two, 41, 255, 255)), ['page_serial', 37]);
  assert.deepEqual(refusal(patched(two, 49, 4)), ['page_flags', 49]);
  assert.deepEqual(refusal(patched(two, 50, 1, 25)), ['page_claims', 50]);
  assert.deepEqual(refusal(patched(two, 52, 0)), ['page_kind', 52]);
  assert.deepEqual(refusal(patched(two, 52, 64)), ['page_kind', 52]);
  assert.deepEqual(refusal(patched(two, 53, 10)), ['page_subject', 52]);
  assert.deepEqual(refusal(patched(two, 66, 4)), ['page_order', 62]);
  assert.deepEqual(refusal(patched(two, 57, 255)), ['page_hour', 52]);
  assert.deepEqual(refusal(patched(two, 60, 255)), ['page_facts', 52]);
  // A number whose unused digits are not 0 would be a second form of the same claim.
  const number = pageOf(ALICE, { claims: [claimOf('442071234567')] });
  assert.deepEqual(refusal(patched(number, 60, 1)), ['page_subject', 52]);
  assert.deepEqual(refusal(new Uint8Array(PAGE_OCTETS_MAX + 1).fill(1)), [
    'page_size',
    PAGE_OCTETS_MAX + 1,
  ]);
});

test('`inOrder()` leaves out what no claim may be about', () => {
  const unsaid = ['10.0.0.1', '192.0.2.1', '2001:db8::/64', '2a01:4f8::/56', '0442071234', '911'];
  assert.deepEqual(inOrder(unsaid.map((text) => claimOf(text))), []);
});

test('`decodePage()` skips claims of kinds that it does not know', () => {
  const octets = pageOf(ALICE, { claims: [claimOf('45.12.3.4'), claimOf('442071234567')] });
  const later = patched(octets, 62, 9);
  const read = decodePage(later);
  assert.ok('page' in read);
  assert.equal(read.unknownCount, 1);
  assert.deepEqual(
    read.page.claims.map(({ subject }) => subject.value),
    ['45.12.3.4'],
  );
});

test('`encodePage()` takes no more claims than a page holds', () => {
  const many = Array.from({ length: PAGE_CLAIMS_MAX + 1 }, (_, index) =>
    claimOf(`45.12.${index >> 8}.${index & 255}`),
  );
  assert.throws(() => pageOf(ALICE, { claims: many }));
  const page = { ...decoded(pageOf(ALICE)), claims: [claimOf('10.0.0.1')] };
  assert.throws(() => encodePage(page, (octets) => ALICE.sign(octets)));
});

test('`pageUnfit()` refuses pages of another pool, of the future and of the past', () => {
  const at = { networkId: 0, nowS: NOW_S };
  const page = decoded(pageOf(ALICE, { claims: [claimOf('45.12.3.4')] }));
  assert.equal(pageUnfit(page, at), undefined);
  assert.equal(pageUnfit(page, { ...at, networkId: 1 }), 'page_network');
  assert.equal(pageUnfit(page, { ...at, nowS: NOW_S - 300 }), undefined);
  assert.equal(pageUnfit(page, { ...at, nowS: NOW_S - 301 }), 'page_future');
  assert.equal(pageUnfit({ ...page, serial: NOW_S + 301 }, at), 'page_future');
  assert.equal(pageUnfit(page, { ...at, nowS: pageEndS(page) - 1 }), undefined);
  assert.equal(pageUnfit(page, { ...at, nowS: pageEndS(page) }), 'page_old');
  assert.equal(pageEndS(page), NOW_S + 7 * 86_400);
});

test('`claimEndS()` is 7 days after the hour for an address and 30 for a number', () => {
  const hour = (NOW_HOUR - 1) * 3600 + 3600;
  assert.equal(claimEndS(claimOf('45.12.3.4')), hour + 7 * 86_400);
  assert.equal(claimEndS(claimOf('442071234567')), hour + 30 * 86_400);
});

test('a page without claims lives as long as pages of numbers that it may replace', () => {
  assert.equal(pageEndS(decoded(pageOf(ALICE))), NOW_S + 31 * 86_400);
});

test('the pages of test/corpus/pool read as written there', () => {
  const lines = readFileSync(CORPUS, 'utf8').trim().split('\n');
  assert.ok(lines.length >= 5);
  for (const line of lines) {
    const { name, octets, page, refusal: refused } = JSON.parse(line);
    const read = decodePage(Uint8Array.fromHex(octets));
    if (refused !== undefined) {
      assert.ok('code' in read, name);
      assert.deepEqual(read, refused, name);
      continue;
    }
    assert.ok('page' in read, name);
    const { key, ...said } = read.page;
    assert.deepEqual({ ...said, key: key.toHex() }, page, name);
    assert.ok(pageHolds(Uint8Array.fromHex(octets)), name);
  }
});
