// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What the judge reads of what other nodes say about a subject. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packFacts } from '@sentrypeer/event';
import { SaidReader } from '../../src/pool/said-reader.ts';
import { NOON_US } from '../fixtures.ts';
import { FACTS, SaidTables } from './said.ts';

const SUBJECT = '45.13.0.1';

test('SaidReader.said() has one voice of each other author, from its latest page', () => {
  using tables = new SaidTables();
  const reader = new SaidReader(tables.database);
  assert.deepEqual([reader.said(SUBJECT), reader.isAny()], [undefined, false]);
  const [stranger, voter, self, other] = [
    tables.author('stranger'),
    tables.author('voter', 'voter'),
    tables.author('self', 'self'),
    tables.author('known', 'known'),
  ];
  tables.claim(self, SUBJECT);
  assert.equal(reader.said(SUBJECT), undefined, 'this node itself says nothing new');
  assert.equal(reader.isAny(), true);
  tables.origin('voter', { isVoter: true, name: 'a friend' });
  tables.origin('known');
  tables.claim(stranger, SUBJECT, 1);
  tables.claim(stranger, SUBJECT, 3, packFacts({ ...FACTS, grade: 'returned' }));
  tables.claim(stranger, SUBJECT, 2);
  tables.claim(voter, SUBJECT);
  tables.claim(other, SUBJECT);
  tables.claim(other, '45.13.0.2');
  const rest = { networks: [], facts: FACTS, lastEpochUs: 101 * 3.6e9, endEpochUs: 9001e6 };
  assert.deepEqual(reader.said(SUBJECT), {
    voices: [
      {
        ...rest,
        name: 'stranger',
        isVoter: false,
        facts: { ...FACTS, grade: 'returned' },
        lastEpochUs: 103 * 3.6e9,
        endEpochUs: 9003e6,
      },
      { ...rest, name: 'a friend', isVoter: true },
      { ...rest, name: 'known', isVoter: false },
    ],
    votersCount: 1,
    isAdmitted: false,
  });
  assert.equal(reader.said('45.13.0.2')?.voices.length, 1);
  assert.equal(reader.said('45.13.0.3'), undefined);
});

test('SaidReader.said() names the networks of a node, the latest first, without distrusted ones', () => {
  using tables = new SaidTables();
  const reader = new SaidReader(tables.database);
  tables.claim(tables.author('a'), SUBJECT);
  tables.network('a', '45.1', NOON_US - 1);
  tables.network('a', '45.3', NOON_US);
  tables.network('a', '45.2', NOON_US);
  tables.network('a', '45.4', NOON_US + 1, true);
  tables.network('b', '45.5', NOON_US);
  assert.deepEqual(reader.said(SUBJECT)?.voices[0]?.networks, ['45.2', '45.3', '45.1']);
});

test('SaidReader.said() leaves out facts of no grade, and takes an earlier page in their place', () => {
  using tables = new SaidTables();
  const reader = new SaidReader(tables.database);
  const author = tables.author('a');
  tables.claim(author, SUBJECT, 2, 0xffff);
  assert.deepEqual(reader.said(SUBJECT)?.voices, []);
  tables.claim(author, SUBJECT, 1);
  assert.deepEqual(
    reader.said(SUBJECT)?.voices.map(({ lastEpochUs }) => lastEpochUs),
    [101 * 3.6e9],
  );
});

test('SaidReader.said() says how many voters there are, and whether the judge may act', () => {
  using tables = new SaidTables();
  const reader = new SaidReader(tables.database);
  tables.claim(tables.author('a'), SUBJECT);
  for (const name of ['v', 'w']) tables.origin(name, { isVoter: true });
  tables.origin('x');
  tables.admission('45.13.0.2');
  const read = () => {
    const { votersCount, isAdmitted } = reader.said(SUBJECT) ?? {};
    return [votersCount, isAdmitted];
  };
  assert.deepEqual(read(), [2, false]);
  tables.admission(SUBJECT);
  assert.deepEqual(read(), [2, true]);
});
