// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Which subjects a sweep names, source by source, and that it loses none between two looks. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ListedKind } from '../../src/judging/evidence-reader.ts';
import { ALL, Sweep, type Reach } from '../../src/judging/sweep.ts';
import { SWEEP_ROWS } from '../../src/limits.ts';
import { JudgedTables } from './judged-tables.ts';

/** Each look until the end, its subjects as `kind value`. */
function looks(
  tables: JudgedTables,
  reach: Reach,
  of?: 'listings' | 'said',
): readonly (readonly string[])[] {
  const sweep = new Sweep(tables.database, reach, of);
  const found: (readonly string[])[] = [];
  let subjects = sweep.next();
  while (subjects !== undefined) {
    found.push(subjects.map(({ kind, value }) => `${kind} ${value}`));
    assert.ok(found.length < 100, 'the sweep never ends');
    subjects = sweep.next();
  }
  assert.equal(sweep.next(), undefined, 'the end is the end');
  return found;
}

/** A row in each table, and two in those that name subjects of several kinds. */
function filled(): JudgedTables {
  const tables = new JudgedTables();
  tables.listing('address', '45.13.0.1');
  tables.listing('number', '46701234561');
  tables.listing('range', '467012345xx');
  tables.address('45.13.0.2');
  tables.number('46701234562');
  tables.block('467012346xx', 3);
  tables.admission('45.13.0.3');
  tables.admission('46701234563');
  tables.fleet('address', '45.13.0.4');
  tables.fleet('number', '46701234564');
  tables.operatorBlock('address', '45.13.0.5');
  tables.operatorBlock('number', '46701234565');
  return tables;
}

const SAID = [
  ['address 45.13.0.3', 'number 46701234563'],
  ['address 45.13.0.4', 'number 46701234564'],
];
const LISTED = ['address 45.13.0.1', 'number 46701234561', 'range 467012345xx'];
const BLOCKED = ['address 45.13.0.5', 'number 46701234565'];

test('Sweep.next() looks through all sources, or through those it is asked for', () => {
  using tables = filled();
  const all = [['address 45.13.0.2'], ['number 46701234562'], ['range 467012346xx']];
  assert.deepEqual(looks(tables, ALL), [LISTED, ...all, ...SAID, BLOCKED]);
  assert.deepEqual(looks(tables, ALL, 'listings'), [LISTED]);
  assert.deepEqual(looks(tables, ALL, 'said'), SAID);
});

test('Sweep.next() looks through no source without subjects of the kind, and ranges go with numbers', () => {
  using tables = filled();
  const covers = (value: string): boolean => !value.endsWith('1');
  assert.deepEqual(looks(tables, { kind: 'address', covers }), [
    [],
    ['address 45.13.0.2'],
    ['address 45.13.0.3'],
    ['address 45.13.0.4'],
    ['address 45.13.0.5'],
  ]);
  assert.deepEqual(looks(tables, { kind: 'number', covers }), [
    ['range 467012345xx'],
    ['number 46701234562'],
    ['range 467012346xx'],
    ['number 46701234563'],
    ['number 46701234564'],
    ['number 46701234565'],
  ]);
  assert.deepEqual(looks(tables, { kind: 'number', covers: () => false }), [
    ['range 467012345xx'],
    [],
    ['range 467012346xx'],
    [],
    [],
    [],
  ]);
  assert.deepEqual(looks(tables, { kind: 'range', covers: (value) => value > '467012345xx' }), [
    [],
    ['range 467012346xx'],
    [],
    [],
    [],
  ]);
});

test('Sweep.next() names exact subjects once, whatever is stored', () => {
  using tables = filled();
  const exactly = [{ kind: 'number', value: '46' }] as const;
  assert.deepEqual(looks(tables, { exactly, covers: () => false }), [['number 46']]);
});

test('Sweep.next() loses nothing between two looks', () => {
  const fill: readonly [ListedKind, (tables: JudgedTables, value: string, at: number) => void][] = [
    ['address', (tables, value) => tables.listing('address', value)],
    ['address', (tables, value) => tables.address(value)],
    ['number', (tables, value) => tables.number(value)],
    ['range', (tables, value) => tables.block(value, 1)],
    ['address', (tables, value) => tables.admission(value)],
    // The first look ends among the numbers, whose values are below those of addresses.
    ['address', (tables, value, at) => tables.fleet(at < 30 ? 'address' : 'number', value)],
    ['address', (tables, value, at) => tables.operatorBlock(at < 30 ? 'address' : 'number', value)],
  ];
  fill.forEach(([kind, add], source) => {
    for (const count of [SWEEP_ROWS, SWEEP_ROWS + 1]) {
      using tables = new JudgedTables();
      const of = (at: number): string =>
        kind === 'address'
          ? `45.13.0.${100 + at}`
          : `4670123${100 + at}${kind === 'range' ? 'xx' : ''}`;
      const values = Array.from({ length: count }, (_, at) =>
        source > 4 && at >= 30 ? `1${at}` : of(at),
      );
      values.forEach((value, at) => add(tables, value, at));
      const found = looks(tables, ALL).filter((look) => look.length > 0);
      assert.deepEqual(
        found.map(({ length }) => length),
        count === SWEEP_ROWS ? [SWEEP_ROWS] : [SWEEP_ROWS, 1],
      );
      assert.deepEqual(
        found.flat().map((subject) => subject.split(' ')[1]),
        values,
      );
    }
  });
});
