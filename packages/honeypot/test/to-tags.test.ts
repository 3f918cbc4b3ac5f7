// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  KEY_PART_CHARACTERS_MAX,
  TAG_FAILURES_PER_MINUTE_MAX,
  TAG_SLOT_MS,
} from '../src/limits.ts';
import { type TagShape, ToTags } from '../src/to-tags.ts';
import { ATTACKER, secret } from './bench.ts';

const NOW_MS = 1_772_366_400_000;
const SUBJECT = {
  callId: '84f0a1d29c',
  fromTag: '7f2a',
  sourceIp: ATTACKER,
  transport: 'UDP',
} as const;

const SHAPES: readonly (readonly [TagShape, string])[] = [
  ['as-hex', 'asxxxxxxxx'],
  ['uuid', 'xxxxxxxx-xxxx-4xxx-vxxx-xxxxxxxxxxxx'],
  ['alphanumeric', '?????????????'],
  ['hash-dot-hex', `${'x'.repeat(32)}.xxxxxxxx`],
  ['hex-dot-hash', `xxxx.${'x'.repeat(32)}`],
  ['upper-hex', 'XXXXXXXX-XXXX'],
];

for (const [shape, pattern] of SHAPES) {
  test(`ToTags makes tags of the shape ${shape}`, () => {
    const tag = new ToTags(secret(1), shape).make(SUBJECT, 'direct', NOW_MS);
    assert.equal(tag.length, pattern.length, tag);
    for (const [index, mark] of Array.from(pattern).entries()) {
      assert.ok(matches(tag.charAt(index), mark), `${tag} against ${pattern}`);
    }
  });
}

test('ToTags varies every digit that a product varies', () => {
  for (const [shape, pattern] of SHAPES) {
    const tags = new ToTags(secret(1), shape);
    const made = Array.from({ length: 300 }, (_, index) =>
      tags.make({ ...SUBJECT, callId: `call ${index}` }, 'direct', NOW_MS),
    );
    for (const [index, mark] of Array.from(pattern).entries()) {
      const seen = new Set(made.map((tag) => tag.charAt(index)));
      const isOfServer = shape === 'hash-dot-hex' && index < 32;
      const least = { v: 4, x: 16, X: 16, '?': 40 }[mark] ?? 1;
      assert.equal(seen.size >= (isOfServer ? 1 : least), true, `${shape} ${index}: ${seen.size}`);
      if (isOfServer) assert.equal(seen.size, 1);
    }
  }
});

test('ToTags has the first part of tags of Kamailio from its secret', () => {
  const partOf = (seed: number) =>
    new ToTags(secret(seed), 'hash-dot-hex').make(SUBJECT, 'direct', NOW_MS).slice(0, 32);
  assert.notEqual(partOf(1), partOf(2));
});

test('ToTags reads Call-ID and From tag up to a limit', () => {
  const tags = new ToTags(secret(1), 'uuid');
  for (const part of ['callId', 'fromTag']) {
    const made = (length: number, end: string) =>
      tags.make({ ...SUBJECT, [part]: 'x'.repeat(length) + end }, 'direct', NOW_MS);
    assert.notEqual(made(KEY_PART_CHARACTERS_MAX - 1, 'a'), made(KEY_PART_CHARACTERS_MAX - 1, 'b'));
    assert.equal(made(KEY_PART_CHARACTERS_MAX, 'a'), made(KEY_PART_CHARACTERS_MAX, 'b'));
  }
});

test('ToTags makes the same tag again, and another one for another call, caller, source or transport', () => {
  const tags = new ToTags(secret(1), 'hash-dot-hex');
  const subjects = [
    SUBJECT,
    { ...SUBJECT, callId: '84f0a1d29d' },
    { ...SUBJECT, fromTag: '7f2b' },
    { ...SUBJECT, sourceIp: '198.51.100.26' },
    { ...SUBJECT, transport: 'TCP' as const },
  ];
  const made = subjects.map((subject) => tags.make(subject, 'direct', NOW_MS));
  assert.equal(new Set(made).size, subjects.length);
  assert.equal(tags.make(SUBJECT, 'direct', NOW_MS + 32_000), made[0]);
  assert.notEqual(new ToTags(secret(2), 'hash-dot-hex').make(SUBJECT, 'direct', NOW_MS), made[0]);
});

test('ToTags.givingOf() knows a tag for two slots of time and for its own source only', () => {
  const tags = new ToTags(secret(1), 'as-hex');
  const slotAtMs = Math.floor(NOW_MS / TAG_SLOT_MS) * TAG_SLOT_MS;
  const tag = tags.make(SUBJECT, 'direct', slotAtMs);
  assert.equal(tags.givingOf(tag, SUBJECT, slotAtMs), 'direct');
  assert.equal(tags.givingOf(tag, SUBJECT, slotAtMs + 2 * TAG_SLOT_MS - 1), 'direct');
  assert.equal(tags.givingOf(tag, SUBJECT, slotAtMs + 2 * TAG_SLOT_MS), undefined);
  assert.equal(tags.givingOf(tag, SUBJECT, slotAtMs - 1), undefined);
  assert.equal(tags.givingOf(tag, { ...SUBJECT, sourceIp: '198.51.100.26' }, slotAtMs), undefined);
  assert.equal(tags.givingOf('', SUBJECT, slotAtMs), undefined);
});

test('ToTags.givingOf() stops looking after too many wrong tags, until the minute is over', () => {
  const tags = new ToTags(secret(1), 'as-hex');
  const tag = tags.make(SUBJECT, 'direct', NOW_MS);
  for (let count = 1; count < TAG_FAILURES_PER_MINUTE_MAX; count += 1) {
    assert.equal(tags.givingOf('as00000000', SUBJECT, NOW_MS), undefined);
  }
  assert.equal(tags.givingOf(tag, SUBJECT, NOW_MS), 'direct');
  assert.equal(tags.givingOf('as00000000', SUBJECT, NOW_MS), undefined);
  assert.equal(tags.givingOf(tag, SUBJECT, NOW_MS + 59_999), undefined);
  assert.equal(tags.givingOf(tag, SUBJECT, NOW_MS + 60_000), 'direct');
});

test('ToTags.givingOf() counts no tag that is not even of the right length', () => {
  const tags = new ToTags(secret(1), 'as-hex');
  const tag = tags.make(SUBJECT, 'direct', NOW_MS);
  for (let count = 0; count <= TAG_FAILURES_PER_MINUTE_MAX; count += 1) {
    assert.equal(tags.givingOf('as0000000', SUBJECT, NOW_MS), undefined);
  }
  assert.equal(tags.givingOf(tag, SUBJECT, NOW_MS), 'direct');
});

test('ToTags.givingOf() looks again when the clock was set back', () => {
  const tags = new ToTags(secret(1), 'as-hex');
  const tag = tags.make(SUBJECT, 'direct', NOW_MS + 1000);
  for (let count = 0; count < TAG_FAILURES_PER_MINUTE_MAX; count += 1) {
    tags.givingOf('as00000000', SUBJECT, NOW_MS + 1000);
  }
  assert.equal(tags.givingOf(tag, SUBJECT, NOW_MS + 1000), undefined);
  assert.equal(tags.givingOf(tag, SUBJECT, NOW_MS + 999), 'direct');
});

test('ToTags.givingOf() tells a tag that may have been handed on from one that stays', () => {
  const tags = new ToTags(secret(1), 'as-hex');
  const relayed = tags.make(SUBJECT, 'relayed', NOW_MS);
  assert.notEqual(relayed, tags.make(SUBJECT, 'direct', NOW_MS));
  assert.equal(tags.givingOf(relayed, SUBJECT, NOW_MS), 'relayed');
});

function matches(character: string, mark: string): boolean {
  if (mark === 'x') return '0123456789abcdef'.includes(character);
  if (mark === 'v') return '89ab'.includes(character);
  if (mark === 'X') return '0123456789ABCDEF'.includes(character);
  return mark === '?'
    ? character.toUpperCase() !== character.toLowerCase() || Number(character) >= 0
    : character === mark;
}
