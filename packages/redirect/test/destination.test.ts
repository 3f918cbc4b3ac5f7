// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDestination } from '../src/index.ts';

test('parseDestination() puts the number in its place, escaped', () => {
  const destination = parseDestination('sip:{number}@192.0.2.10:5060;transport=tcp');
  assert.equal(destination?.call('0044207', '44207'), 'sip:0044207@192.0.2.10:5060;transport=tcp');
  assert.equal(destination?.call('9#00', undefined), 'sip:9%2300@192.0.2.10:5060;transport=tcp');
  assert.equal(
    destination?.call('a@b>;\r\né"', undefined),
    'sip:a%40b%3E%3B%0D%0A%C3%A9%22@192.0.2.10:5060;transport=tcp',
  );
  assert.equal(destination?.registrar, 'sip:192.0.2.10:5060;transport=tcp');
});

test('parseDestination() writes E.164 where it is asked for and known', () => {
  const destination = parseDestination('sips:99{e164}@[2001:db8::1]');
  assert.equal(destination?.call('0044207', '44207'), 'sips:99+44207@[2001:db8::1]');
  assert.equal(destination?.call('100', undefined), 'sips:99100@[2001:db8::1]');
  assert.equal(destination?.registrar, 'sips:[2001:db8::1]');
});

test('parseDestination() refuses what is not a template of one place in the user part', () => {
  for (const text of [
    '',
    'sip:gateway.example',
    'sip:{number}',
    '{number}@gateway.example',
    'tel:{number}',
    'http://{number}@gateway.example',
    'sip:{number}{number}@gateway.example',
    'sip:{number}{e164}@gateway.example',
    'sip:{name}@gateway.example',
    'sip:gateway@{number}',
    'sip:{number}:secret@gateway.example',
    'sip:{number}@gateway example',
    'sip:{number}@gateway.example:99999',
    'sip:{number}@gateway.example:0',
    'sip:{number}@gateway.example:sip',
    'sip:{number}@gateway@example',
    'sip:{number}@192.0.2.300',
    'sip:{number}@192.0.2',
    'sip:{number}@gateway.example>',
    'sip:{number}@gateway.example\r\nX: y',
    `sip:{number}@${'a'.repeat(256)}`,
  ]) {
    assert.equal(parseDestination(text), undefined, text);
  }
});
