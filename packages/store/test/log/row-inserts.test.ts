// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RowInserts, type RowWords } from '../../src/log/row-inserts.ts';
import { emptyDatabase, TestDirectory } from '../fixtures.ts';

const WORDS: RowWords = {
  collectedMethod: 'responsive',
  transportType: 'UDP',
  messageKind: 'request',
  calledNumberSource: 'to',
  grade: 'seen',
};

test('RowInserts.of() has one statement for each set of values, and keeps it', () => {
  using directory = new TestDirectory();
  using database = emptyDatabase(directory);
  const inserts = new RowInserts(database);
  const first = inserts.of(WORDS);
  assert.equal(inserts.of({ ...WORDS }), first, 'the row before had the same');
  const others: readonly RowWords[] = [
    { ...WORDS, collectedMethod: 'passive' },
    { ...WORDS, transportType: 'TCP' },
    { ...WORDS, messageKind: 'response' },
    { ...WORDS, calledNumberSource: 'request-uri' },
    { ...WORDS, grade: null },
  ];
  const statements = others.map((words) => {
    const statement = inserts.of(words);
    assert.equal(inserts.of(WORDS), first, 'an earlier one is kept');
    return statement;
  });
  assert.equal(new Set([first, ...statements]).size, 6);
  for (const [index, statement] of [first, ...statements].entries()) {
    const rest = Array.from({ length: 18 }, () => null);
    statement.run(index + 1, `2026-03-01 12:00:0${index}`, ...rest);
  }
  const rows = database
    .prepare(
      `SELECT collected_method AS collectedMethod, transport_type AS transportType, message_kind AS messageKind,
        called_number_source AS calledNumberSource, grade FROM honey ORDER BY honey_id`,
    )
    .all();
  assert.deepEqual(
    rows.map((row) => ({ ...row })),
    [WORDS, ...others],
  );
});
