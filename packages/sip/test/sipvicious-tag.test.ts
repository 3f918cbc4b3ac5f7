// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeSipviciousTag, parseSipviciousTag } from '../src/index.ts';

const tagOf = (payload: string, random = '12345'): string =>
  Buffer.from(`${payload}\u0001${random}`, 'utf8').toString('hex');

test('decodeSipviciousTag() gives the payload in front of the separator', () => {
  assert.equal(decodeSipviciousTag(tagOf('7f00000113c4')), '7f00000113c4');
  assert.equal(decodeSipviciousTag(tagOf('100:pass word')), '100:pass word');
  assert.equal(decodeSipviciousTag(tagOf('100:пароль')), '100:пароль');
  assert.equal(decodeSipviciousTag(tagOf('None').toUpperCase()), 'None');
});

test('decodeSipviciousTag() refuses the tags of others', () => {
  for (const tag of [
    '',
    '3206210844', // svcrack's first request has no payload.
    'as6f3a1b2c',
    tagOf('100').slice(1),
    tagOf('', '1'),
    tagOf('100', ''),
    tagOf('100', '12x'),
    tagOf('1\u001b[2J'),
    tagOf('1\u007f'),
    'c9bd01dda4ade9b3',
    `${tagOf('100')}zz`,
  ]) {
    assert.equal(decodeSipviciousTag(tag), undefined, tag);
    assert.equal(parseSipviciousTag(tag), undefined, tag);
  }
});

test('parseSipviciousTag() tells the three tools apart', () => {
  assert.deepEqual(parseSipviciousTag(tagOf('c0a80164 13c4'.replace(' ', ''))), {
    kind: 'target',
    address: '192.168.1.100',
    port: 5060,
  });
  assert.deepEqual(parseSipviciousTag(tagOf('101')), { kind: 'account', account: '101' });
  assert.deepEqual(parseSipviciousTag(tagOf('1001')), { kind: 'account', account: '1001' });
  assert.deepEqual(parseSipviciousTag(tagOf('100:a:b')), {
    kind: 'guess',
    user: '100',
    password: 'a:b',
  });
});

test('parseSipviciousTag() takes twelve digits that stand in From for an account', () => {
  const tag = tagOf('442071234567');
  assert.deepEqual(parseSipviciousTag(tag, '442071234567'), {
    kind: 'account',
    account: '442071234567',
  });
  assert.equal(parseSipviciousTag(tag, '100')?.kind, 'target');
});
