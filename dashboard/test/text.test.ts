// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LATEST_EPOCH_US } from '../../packages/kernel/src/index.ts';
import { addGap, fillGaps, leftOut, type Gap } from '../src/state/gaps.ts';
import { EVENTS_COUNT_MAX, GAPS_COUNT_MAX } from '../src/limits.ts';
import { newestFirst } from '../src/state/ring.ts';
import { FILTER_NAMES } from '../src/state/filters.ts';
import { formatRoute, parseRoute } from '../src/state/route-text.ts';
import { searchRoute } from '../src/state/search.ts';
import { holds } from '../src/text/holds.ts';
import { groupedRange, readNumber, spaced } from '../src/text/number.ts';
import { isInPrefix, isInside, isPrefix } from '../src/text/prefix.ts';
import { isNever, span, utcTime } from '../src/text/time.ts';

test('isNever() knows the time that the node gives for entries without an end', () => {
  assert.equal(isNever(new Date(LATEST_EPOCH_US / 1000).toISOString()), true);
  assert.equal(isNever('2199-12-31T23:59:59.999Z'), false);
});

test('parseRoute() reads what formatRoute() wrote', () => {
  const text = fc.string({ minLength: 1, unit: 'binary' }).filter((value) => value.isWellFormed());
  const filters = fc.record(Object.fromEntries(FILTER_NAMES.map((name) => [name, text])), {
    requiredKeys: [],
  });
  const view = fc.constantFrom('live', 'address', 'number', 'event', 'search', 'listings');
  fc.assert(
    fc.property(view, fc.oneof(text, fc.constant('')), filters, (view, subject, filters) => {
      const route = { view, subject, filters } as const;
      assert.deepEqual(parseRoute(formatRoute(route)), { ...route, filters: { ...filters } });
    }),
  );
});

test('formatRoute() takes half a character, as an attacker may write it', () => {
  const hash = formatRoute({ view: 'live', subject: '\ud83d', filters: { user_agent: 'a\udc00' } });
  assert.deepEqual(parseRoute(hash), {
    view: 'live',
    subject: '\ufffd',
    filters: { user_agent: 'a\ufffd' },
  });
});

test('parseRoute() shows the first view where it reads nonsense', () => {
  for (const hash of [
    '',
    '#',
    '#/',
    '#/nothing',
    '#main',
    '#/%',
    '#/live?country=',
    '#/constructor',
  ]) {
    assert.deepEqual(parseRoute(hash), { view: 'live', subject: '', filters: {} }, hash);
  }
});

test('searchRoute() tells addresses, prefixes, numbers, countries and tools apart', () => {
  const live = (filters: object) => ({ view: 'live', subject: '', filters });
  const of = (view: string, subject: string) => ({ view, subject, filters: {} });
  for (const [text, route] of [
    ['203.0.113.7', of('address', '203.0.113.7')],
    [' 2001:DB8::1 ', of('address', '2001:db8::1')],
    ['203.0.113.0/24', live({ network: '203.0.113.0/24' })],
    ['as64500', live({ network: 'AS64500' })],
    ['+44 (0)20 7946-0000', of('number', '+4402079460000')],
    ['sip:00442079460000@192.0.2.1', of('number', '00442079460000')],
    ['tel:+442079460000', of('number', '+442079460000')],
    ['NL', live({ country: 'NL' })],
    ['friendly-scanner', of('search', 'friendly-scanner')],
    ['1.2.3', of('number', '123')],
    ['300.1.1.1', of('number', '300111')],
    ['  ', undefined],
  ] as const) {
    assert.deepEqual(searchRoute(text), route, text);
  }
});

test('isInPrefix() compares the bits of both families', () => {
  assert.ok(isInPrefix('203.0.113.200', '203.0.113.128/25'));
  assert.ok(!isInPrefix('203.0.113.100', '203.0.113.128/25'));
  assert.ok(isInPrefix('2001:db8:1::5', '2001:db8::/32'));
  assert.ok(!isInPrefix('2001:db9::5', '2001:db8::/32'));
  assert.ok(!isInPrefix('203.0.113.1', '::/0'));
  for (const text of [
    '203.0.113.0',
    '203.0.113.0/33',
    '::/129',
    '1::2::3/64',
    '203.0.113.0/24/1',
    '/8',
    'x/8',
  ]) {
    assert.ok(!isPrefix(text), text);
  }
});

test('readNumber() finds the number in what was dialled', () => {
  const e164 = '+442079460000';
  for (const [dialled, prefix] of [
    ['900442079460000', '900'],
    ['+442079460000', ''],
    ['02079460000', '0'],
    ['442079460000', ''],
  ] as const) {
    assert.deepEqual(readNumber(dialled, e164), { prefix, number: e164 }, dialled);
  }
  assert.deepEqual(readNumber('100', undefined), { prefix: '', number: '100' });
  assert.deepEqual(readNumber('1', e164), { prefix: '', number: e164 });
});

test('spaced() groups what was dialled as the country of the number does, and changes no digit', () => {
  const grouped = '+44 20 7946 0000';
  for (const [dialled, prefix, rest] of [
    ['900442079460000', '900 ', '44 20 7946 0000'],
    ['+442079460000', '+', '44 20 7946 0000'],
    ['442079460000', '', '44 20 7946 0000'],
    ['02079460000', '0', '20 7946 0000'],
    ['9#442079460000', '9# ', '44 20 7946 0000'],
    ['+44-20-7946-0000', '', '+44-20-7946-0000'],
    ['101', '', '101'],
  ] as const) {
    assert.deepEqual(spaced(dialled, '+442079460000', grouped), { prefix, rest }, dialled);
  }
  const digits = fc.stringMatching(/^[0-9]{0,6}$/);
  fc.assert(
    fc.property(digits, fc.stringMatching(/^[0-9]{7,12}$/), digits, (prefix, number, other) => {
      const groups = `+${number.slice(0, 2)} ${number.slice(2, 5)} ${number.slice(5)}`;
      for (const dialled of [prefix + number, prefix + number.slice(2), other]) {
        const shown = spaced(dialled, `+${number}`, groups);
        assert.equal((shown.prefix + shown.rest).replaceAll(' ', ''), dialled);
      }
    }),
  );
});

test('groupedRange() groups a range like the numbers in it', () => {
  assert.equal(groupedRange('+46850780xx', '+46 8 507 800 0'), '+46 8 507 80x x');
  assert.equal(groupedRange('+46850780*', '+46 8 507 800 0'), '+46850780*');
});

test('newestFirst() keeps each once, as it came last, and no more than it may', () => {
  const before = [
    { id: 3, text: 'c' },
    { id: 1, text: 'a' },
  ];
  const come = [
    { id: 1, text: 'A' },
    { id: 4, text: 'd' },
  ];
  assert.deepEqual(newestFirst(come, before, 2), [
    { id: 4, text: 'd' },
    { id: 3, text: 'c' },
  ]);
  assert.deepEqual(newestFirst(come, before, 9).at(-1), { id: 1, text: 'A' });
  const kept = newestFirst(come, before, 9, (one, other) => one.text === other.text.toLowerCase());
  assert.equal(kept.at(-1), before[1], 'alike, so it need not be drawn again');
});

test('times are told in UTC, and spans in the unit that says most', () => {
  assert.equal(utcTime('2026-11-23T10:00:01.123456Z'), '2026-11-23 10:00:01 UTC');
  assert.equal(span(0, 89_000), '89 s');
  assert.equal(span(0, 600_000), '10 min');
  assert.equal(span(0, 8 * 3_600_000), '8 h');
  assert.equal(span(0, 5 * 86_400_000), '5 days');
});

test('holds() knows what takes in an address or a number', () => {
  assert.ok(holds('203.0.113.7', '203.0.113.7'));
  assert.ok(holds('203.0.113.0/24', '203.0.113.7'));
  assert.ok(!holds('203.0.112.0/24', '203.0.113.7'));
  assert.ok(holds('+46850780*', '+46850780123'));
  assert.ok(holds('+46850780xx', '+4685078012'));
  assert.ok(!holds('+46850780xx', '+46850780123'), 'of another length');
  assert.ok(!holds('+4685078012', '+46850780123'));
});

test('leftOut() counts what was not sent since the page was opened, and was not read since', () => {
  const known = [{ id: 90 }, { id: 50 }, { id: 10 }];
  let gaps = addGap([], { count: 7, after: 0, until: 9 }, known);
  gaps = addGap(gaps, { count: 30, after: 10, until: 49 }, known);
  gaps = addGap(gaps, { count: 39, after: 50, until: 89 }, [{ id: 80 }, ...known]); // One of them had been read before.
  assert.equal(leftOut(gaps, known), 7 + 30 + 38);
  gaps = fillGaps(gaps, [{ id: 90 }, { id: 88 }, { id: 20 }, { id: 9 }], known);
  assert.equal(leftOut(gaps, known), 6 + 29 + 37);
});

test('leftOut() does not count what is before the events that the page keeps', () => {
  const kept = Array.from({ length: EVENTS_COUNT_MAX }, (_, index) => ({ id: 2000 - index }));
  const oldest = 2001 - EVENTS_COUNT_MAX;
  const gaps = [
    { count: 3, after: 0, until: oldest - 1 },
    { count: 5, after: oldest, until: oldest + 9 },
  ];
  assert.equal(leftOut(gaps, kept), 5);
  const more = addGap(gaps, { count: 2, after: 2000, until: 2002 }, kept);
  assert.deepEqual(
    more.map(({ count }) => count),
    [5, 2],
  );
});

test('addGap() joins the oldest gaps, and their counts', () => {
  let gaps: readonly Gap[] = [];
  for (let id = 1; id <= 3 * GAPS_COUNT_MAX; id += 1) {
    gaps = addGap(gaps, { count: 2, after: 10 * id, until: 10 * id + 5 }, []);
  }
  assert.equal(gaps.length, GAPS_COUNT_MAX);
  assert.equal(leftOut(gaps, []), 6 * GAPS_COUNT_MAX);
});

test('isInside() tells addresses from which nothing comes over the internet', () => {
  for (const inside of [
    '127.0.0.1',
    '172.31.255.255',
    '192.168.1.2',
    '100.127.0.1',
    '::1',
    'fd00::1',
  ]) {
    assert.ok(isInside(inside), inside);
  }
  for (const outside of ['45.13.7.7', '172.32.0.1', '100.128.0.1', '2a02::1', 'x']) {
    assert.ok(!isInside(outside), outside);
  }
});
