// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { markedDetails, uuidOfRow, type ImportedRow } from '../../src/import/imported-row.ts';

const ROW: ImportedRow = {
  created_at: '2026-02-01 12:00:00.512',
  event_timestamp: '2026-02-01 13:00:00.5123456',
  source_ip: '203.0.113.9',
  called_number: '00441234',
  method: 'OPTIONS',
  sip_message: 'OPTIONS sip:a SIP/2.0',
};

test('uuidOfRow() keeps the UUID that a row has', () => {
  assert.equal(uuidOfRow({ ...ROW, event_uuid: 'mine' }), 'mine');
});

test('uuidOfRow() makes the same one of the same contents for all time', () => {
  // What imports of earlier versions have written: another one would import a row again.
  assert.equal(uuidOfRow(ROW), 'ef2a9db0-1dab-86e1-9086-19a213a4852c');
  assert.equal(uuidOfRow({ ...ROW, event_uuid: '' }), uuidOfRow(ROW));
});

test('uuidOfRow() tells rows apart by what was received and when', () => {
  const changed = Object.keys(ROW).map((column) => uuidOfRow({ ...ROW, [column]: 'x' }));
  assert.equal(new Set([uuidOfRow(ROW), ...changed]).size, Object.keys(ROW).length + 1);
  assert.equal(
    uuidOfRow({ ...ROW, user_agent: 'x', grade: 'seen', seen_count: 3 }),
    uuidOfRow(ROW),
  );
});

test('markedDetails() adds the mark to what there is, and to nothing where it is no object', () => {
  assert.equal(markedDetails('{"callId":"a@b"}'), '{"callId":"a@b","imported":true}');
  assert.equal(markedDetails('{"imported":false}'), '{"imported":true}');
  for (const details of [undefined, '', 'callId', '{"callId":', 'null', '7', '"ab"', '[1]']) {
    assert.equal(markedDetails(details), '{"imported":true}', String(details));
  }
});
