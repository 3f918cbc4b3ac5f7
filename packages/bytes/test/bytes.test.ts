// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Cursor,
  hexOctets,
  hexText,
  latin1FromUtf8,
  latin1Octets,
  latin1Text,
  utf8FromLatin1,
  Writer,
} from '../src/index.ts';

test('`latin1Text()` gives each octet its own code point and `latin1Octets()` gives it back', () => {
  const octets = Uint8Array.from({ length: 256 }, (_, index) => index);
  const text = latin1Text(octets);
  assert.equal(text.length, 256);
  assert.equal(text.charCodeAt(0x80), 0x80); // windows-1252 would say U+20AC.
  assert.deepEqual([...latin1Octets(text)], [...octets]);
});

test('`latin1Text()` reads a view from where it begins', () => {
  assert.equal(latin1Text(Uint8Array.of(1, 0x41, 0x42, 2).subarray(1, 3)), 'AB');
});

test('`utf8FromLatin1()` reads UTF-8, marks what is not, and leaves ASCII alone', () => {
  assert.equal(utf8FromLatin1('\u00c3\u00a9'), '\u00e9');
  assert.equal(utf8FromLatin1('\u00e9'), '\ufffd');
  assert.equal(utf8FromLatin1('plain'), 'plain');
});

test('`latin1FromUtf8()` writes UTF-8 as `utf8FromLatin1()` reads it', () => {
  assert.equal(latin1FromUtf8('\u00e9'), '\u00c3\u00a9');
  assert.equal(latin1FromUtf8('plain'), 'plain');
  assert.equal(utf8FromLatin1(latin1FromUtf8('\u20ac \u{1f600}')), '\u20ac \u{1f600}');
});

test('`hexOctets()` refuses odd length and other digits', () => {
  assert.deepEqual([...(hexOctets('00fF') ?? [])], [0, 255]);
  assert.equal(hexOctets('0'), undefined);
  assert.equal(hexOctets('0g'), undefined);
  assert.equal(hexText(Uint8Array.of(0, 255)), '00ff');
});

test('`Cursor` reads back what `Writer` wrote', () => {
  const written = new Writer(new Uint8Array(64))
    .u8(7)
    .u16(65_535)
    .u32(4_294_967_295)
    .f64(1_795_000_000_000_001)
    .text16('Größe')
    .text16(undefined)
    .text16('')
    .raw(Uint8Array.of(0xe9, 0))
    .finish();
  const cursor = new Cursor(written);
  assert.equal(cursor.u8(), 7);
  assert.equal(cursor.u16(), 65_535);
  assert.equal(cursor.u32(), 4_294_967_295);
  assert.equal(cursor.f64(), 1_795_000_000_000_001);
  assert.equal(cursor.text16(), 'Größe');
  assert.equal(cursor.text16(), undefined);
  assert.equal(cursor.text16(), '');
  assert.equal(cursor.latin1(2), '\u00e9\0');
  assert.equal(cursor.remaining, 0);
  assert.equal(cursor.failedAt, undefined);
});

test('`Cursor.texts()` reads back what `Writer.texts()` wrote, text by text', () => {
  const texts = ['Größe', undefined, '', 'plain', '\u{1f600}', '\ud83d', '\ude00', 'end'];
  const cursor = new Cursor(new Writer(new Uint8Array(128)).texts(texts).u8(7).finish());
  const read = cursor.texts(texts.length);
  assert.deepEqual(read.slice(0, 5), texts.slice(0, 5));
  assert.deepEqual(
    read.map((text) => text?.length),
    texts.map((text) => text?.length),
  );
  assert.equal(read.at(-1), 'end');
  assert.equal(cursor.u8(), 7);
  assert.equal(new Cursor(Uint8Array.of(0, 9)).texts(2).join(''), '');
});

test('`Cursor` remembers where it failed first and reads zeros from then on', () => {
  const cursor = new Cursor(Uint8Array.of(1, 2, 3));
  cursor.u16();
  assert.equal(cursor.u32(), 0);
  assert.equal(cursor.failedAt, 2);
  assert.equal(cursor.u8(), 0);
  assert.equal(cursor.text16(), '');
  assert.equal(cursor.latin1(9), '');
  assert.equal(cursor.failedAt, 2);
  assert.equal(cursor.remaining, 0);
});

test('`Writer` refuses octets that do not fit', () => {
  assert.throws(() => new Writer(new Uint8Array(1)).raw(new Uint8Array(2)), /writer_full/);
});
