// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CopyRows, type ColumnKind, type Value } from '../../src/push/copy-rows.ts';
import { epochUsOf } from '../../src/push/event-time.ts';

const HEADER = '5047434f50590aff0d0a000000000000000000';
/** 7, as the first column. */
const EPOCH = '0000000400000007';
const NULL = 'ffffffff';

function hex(kind: ColumnKind, value: Value): string {
  const rows = new CopyRows([kind], 7);
  rows.add([value]);
  const text = rows.finish().toHex();
  const start = `${HEADER}0002${EPOCH}`;
  assert.ok(text.startsWith(start) && text.endsWith('ffff'), text);
  return text.slice(start.length, -4);
}

test('CopyRows writes each kind as PostgreSQL reads it', () => {
  assert.equal(hex('text', 'é'), '00000002c3a9');
  assert.equal(hex('text', ''), '00000000');
  assert.equal(hex('text', 'a\0b'), '0000000561e2908062');
  assert.equal(hex('int4', -2), '00000004fffffffe');
  assert.equal(hex('int8', 2 ** 40 + 5), '000000080000010000000005');
  assert.equal(hex('int8', -1), '00000008ffffffffffffffff');
  assert.equal(hex('inet', '192.0.2.7'), '0000000802200004c0000207');
  assert.equal(hex('inet', '::ffff:192.0.2.7'), '0000000802200004c0000207');
  assert.equal(hex('inet', 'fe80::1%eth0'), `0000001403800010fe80${'00'.repeat(13)}01`);
  assert.equal(
    hex('uuid', '019cab00-0000-7000-8000-000000000001'),
    '00000010019cab00000070008000000000000001',
  );
  assert.equal(
    hex('uuid', '019CAB00-0000-7000-8000-00000000000F'),
    '00000010019cab0000007000800000000000000f',
  );
  assert.equal(hex('time', '2000-01-01 00:00:01.000002999'), '0000000800000000000f4242');
  assert.equal(hex('moment', 946_684_800_000_001), '000000080000000000000001');
});

test('CopyRows writes NULL for what is not a value of its column', () => {
  const wrong: readonly (readonly [ColumnKind, Value])[] = [
    ['text', null],
    ['text', new Uint8Array([1])],
    ['text', 5],
    ['int4', '5'],
    ['int8', 1.5],
    ['inet', 'not an address'],
    ['inet', ''],
    ['uuid', 'zzzzzzzz-0000-7000-8000-000000000001'],
    ['uuid', '019cab00-0000-7000-8000-00000000000g'],
    ['uuid', '019cab00-0000-7000-8000-00000000000\u0430'],
    ['uuid', '019cab0000007000800000000000000112345'.slice(0, 36)],
    ['uuid', '-'.repeat(36)],
    ['uuid', '019cab00-0000-7000-8000-00000000-0001'],
    ['uuid', '1'],
    ['time', '2026-02-30x'],
    ['time', ''],
    ['moment', null],
  ];
  for (const [kind, value] of wrong)
    assert.equal(hex(kind, value), NULL, `${kind} ${String(value)}`);
});

test('CopyRows grows with what is added', () => {
  const rows = new CopyRows(['text', 'int4'], 7);
  for (let index = 0; index < 1000; index += 1) rows.add(['\u{1f600}'.repeat(100), index]);
  const octets = rows.finish();
  assert.equal(octets.length, 19 + 1000 * (2 + 8 + 4 + 400 + 4 + 4) + 2);
});

test('epochUsOf() reads the times of the log, and of SentryPeer 4.x', () => {
  const second = Date.UTC(2026, 1, 1, 12, 30, 15) * 1000;
  assert.equal(epochUsOf('2026-02-01 12:30:15.123456789'), second + 123_456);
  assert.equal(epochUsOf('2026-02-01 12:30:15.5'), second + 500_000);
  assert.equal(epochUsOf('2026-02-01 12:30:15'), second);
  assert.equal(epochUsOf('2026-02-01T12:30:15Z'), second);
  for (const text of ['2026-13-01 00:00:00', '2026-01-01 25:00:00', 'yesterday', '2026-01-01']) {
    assert.equal(epochUsOf(text), undefined, text);
  }
});
