// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDurationText, readMomentText, readTime } from '../src/index.ts';

const DAY = 86_400;

function read(text: string): unknown {
  const words = text.split(' ');
  const reading = readTime(words);
  if (reading.kind === 'none' || reading.kind === 'refused') return reading.kind;
  const rest = words.slice(reading.wordsCount).join(' ');
  const value =
    reading.kind === 'always'
      ? 'always'
      : reading.kind === 'duration'
        ? reading.seconds
        : new Date(reading.epochUs / 1000).toISOString();
  return rest === '' ? value : [value, rest];
}

test('readTime() reads durations in the forms that people write', () => {
  for (const [text, days] of [
    ['30d', 30],
    ['30days', 30],
    ['30 days', 30],
    ['for 30 days', 30],
    ['1w', 7],
    ['2 weeks', 14],
    ['1d12h', 1.5],
    ['1d 12h', 1.5],
    ['1 day and 12 hours', 1.5],
    ['1 day, 12 hours', 1.5],
    ['a week', 7],
    ['one month', 30],
    ['1y', 365],
    ['P30D', 30],
    ['P1DT12H', 1.5],
    ['PT36H', 1.5],
    ['24h', 1],
    ['1440m', 1],
    ['1440min', 1],
    ['86400s', 1],
    ['86400 seconds', 1],
    ['30D', 30],
  ] as const) {
    assert.equal(read(text), days * DAY, text);
  }
  assert.deepEqual(read('30d our office'), [30 * DAY, 'our office']);
  assert.deepEqual(read('for 2 weeks a customer'), [14 * DAY, 'a customer']);
});

test('readTime() reads always, dates and times', () => {
  for (const text of ['always', 'forever', 'Permanent', 'indefinitely']) {
    assert.equal(read(text), 'always', text);
  }
  for (const [text, moment] of [
    ['2027-01-01', '2027-01-01T00:00:00.000Z'],
    ['until 2027-01-01', '2027-01-01T00:00:00.000Z'],
    ['2027-01-01T18:00', '2027-01-01T18:00:00.000Z'],
    ['2027-01-01 18:00', '2027-01-01T18:00:00.000Z'],
    ['2027-01-01T18:00:00Z', '2027-01-01T18:00:00.000Z'],
    ['2027-01-01t18:00:00.250z', '2027-01-01T18:00:00.250Z'],
    ['2027-01-01T18:00:00+01:00', '2027-01-01T17:00:00.000Z'],
    ['2027-01-01T00:00:00-05:30', '2027-01-01T05:30:00.000Z'],
    ['2028-02-29', '2028-02-29T00:00:00.000Z'],
  ] as const) {
    assert.equal(read(text), moment, text);
  }
});

test('readTime() refuses what begins like a time and is not one', () => {
  for (const text of [
    '24',
    '24 office',
    '30x',
    '1M',
    '1.5h',
    '-30d',
    '+30d',
    '0d',
    '1/2/2027',
    '01.02.2027',
    '2027-02-30',
    '2027-1-1',
    '2027-13-01',
    '2027-01-01T25:00',
    '2027-01-01T18:00:00+1',
    '2027-01-01T',
    '2027-01-01 18:60',
    '9999-01-01',
    '99999999999d',
    '30d12',
    '18:00',
    'until tomorrow',
    'until further notice',
    'P30',
    'P1X',
    '1798761600',
    '24/7',
    'tomorrow',
    'tonight, our office',
    'never',
    'week',
    'd',
    'a couple of days',
    'next week',
    'next Monday',
    'a few days',
    'half a day',
    'Dec 31',
    'January 5th',
    'temporarily',
    '~30d',
    '(24h)',
    '"24h"',
    '.5h',
    'next-week',
    'two weeks',
    'Thirty days',
    'twenty-five days',
    'two hundred hours',
    'end of month',
    'the end of the week',
    'by friday',
    'in two weeks',
    'on Monday',
    'within a week',
    'a fortnight',
    'infinite',
  ]) {
    assert.equal(read(text), 'refused', text);
  }
  const alone = readTime(['24']);
  assert.ok(alone.kind === 'refused');
  assert.equal(alone.why, '"24" has no unit: write 24h or 24d, or always');
});

test('readTime() leaves other words alone', () => {
  for (const text of [
    'our office',
    'a customer',
    'for our office',
    'next door',
    'May Smith',
    'and so on',
    'on site',
    'in our office',
    'by Fridays',
    'two offices',
    'end customer',
    '#4711',
    'ticket 4711',
    'F42',
    'PBX',
    'a M. Smith',
    '',
  ]) {
    assert.equal(read(text), 'none', text);
  }
});

test('readDurationText() and readMomentText() take nothing else', () => {
  assert.equal(readDurationText('90s'), 90);
  assert.equal(readDurationText('90'), undefined);
  assert.equal(readDurationText('90s or so'), undefined);
  assert.equal(readDurationText('always'), undefined);
  assert.equal(readMomentText('2027-02-31T00:00:00Z'), undefined);
  assert.equal(readMomentText('2027-01-01T00:00:00Z'), Date.UTC(2027, 0, 1) * 1000);
  assert.equal(readMomentText('soon'), undefined);
});
