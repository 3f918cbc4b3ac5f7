// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleaned, isClean, isCleanLines, isToken } from '../src/characters.ts';

/** Control characters, and those that break lines or change the direction of writing, according to Unicode. */
const HARMFUL = /^[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\uFEFF]$/v;
const TOKEN = /^[A-Za-z0-9\-.!%*_+`'~]$/v;

/** Every character of the first plane that is a whole one. */
const CHARACTERS = Array.from({ length: 0x1_0000 }, (_, code) => String.fromCharCode(code)).filter(
  (character) => character.isWellFormed(),
);

test('a text is clean if no character in it controls a terminal or deceives its reader', () => {
  // U+2029 to U+202E follow each other, as do the others that Unicode names.
  const unclean = CHARACTERS.filter((character) => !isClean(`a${character}b`));
  assert.deepEqual(
    unclean,
    CHARACTERS.filter((character) => HARMFUL.test(character)),
  );
  const ofLines = CHARACTERS.filter((character) => !isCleanLines(`a${character}b`));
  assert.deepEqual(
    ofLines,
    unclean.filter((character) => !['\t', '\n', '\r'].includes(character)),
  );
  for (const text of ['\ud800', 'a\udc00', 'é 😀 ü'.slice(0, 3)]) {
    assert.deepEqual([isClean(text), isCleanLines(text)], [false, false]);
  }
  assert.deepEqual([isClean('é 😀'), isCleanLines('é 😀'), isClean('')], [true, true, true]);
});

test('`cleaned()` leaves blanks where something harmful was, and the rest as it is', () => {
  assert.equal(cleaned('a\u001b[2Jb\u202ec'), 'a [2Jb c');
  assert.equal(cleaned('é 😀\ud800'), 'é 😀\ufffd');
  assert.equal(cleaned('plain'), 'plain');
});

test('`isToken()` takes the characters of a token in SIP, RFC 3261 §25.1, at least one', () => {
  const tokens = CHARACTERS.filter((character) => isToken(`a${character}`));
  assert.deepEqual(
    tokens,
    CHARACTERS.filter((character) => TOKEN.test(character)),
  );
  assert.equal(isToken(''), false);
});
