// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { escapeText } from '../../src/output/escape-text.ts';

test('escapeText() leaves readable text as it is', () => {
  assert.equal(escapeText('Grüße, "你好" = 1', 100), 'Grüße, "你好" = 1');
});

test('escapeText() writes controls, line breaks and directions as escapes', () => {
  assert.equal(escapeText('\u001b[2J\u0000\u007f\u009b', 100), '\\x1b[2J\\x00\\x7f\\x9b');
  assert.equal(escapeText('a\tb\r\nc', 100), 'a\\tb\\r\\nc');
  assert.equal(escapeText('\u2028\u202e\u2066\ufeff', 100), '\\u2028\\u202e\\u2066\\ufeff');
  assert.equal(escapeText('\\n', 100), '\\\\n');
});

test('escapeText() cuts and says how much is left out', () => {
  assert.equal(escapeText('abcdef', 6), 'abcdef');
  assert.equal(escapeText('abcdef', 4), 'abcd... (2 more characters)');
});

test('escapeText() never lets two texts look the same, and is always one printable line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const escaped = escapeText(text, 1000);
      for (let index = 0; index < escaped.length; index += 1) {
        const code = escaped.charCodeAt(index);
        assert.ok(code >= 0x20 && (code < 0x7f || code > 0x9f));
      }
      // JSON reads the escapes back, once \xNN is written in JSON's form.
      const json = escaped
        .split('\\\\')
        .map((part) => part.replaceAll('\\x', '\\u00'))
        .join('\\\\')
        .replaceAll('"', '\\"');
      assert.equal(JSON.parse(`"${json}"`), text);
    }),
  );
});
