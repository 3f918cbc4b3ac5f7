// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DEFAULT_POLICY,
  gradeRank,
  parsePolicyChange,
  POLICY_RULES,
  policyOf,
  type PolicyName,
} from '../src/policy.ts';

const NAMES = Object.keys(POLICY_RULES) as readonly PolicyName[];

test('parsePolicyChange() reads a line of the table with a value in its range, both ends included', () => {
  for (const name of NAMES) {
    const { min, max, value } = POLICY_RULES[name];
    assert.ok(min <= value && value <= max, name);
    for (const right of [min, max])
      assert.deepEqual(parsePolicyChange(`${name}=${right}`), { name, value: right });
    for (const wrong of [min - 1, max + 1, `${min}.5`, '', ' ', 'x', '1e99', `${min}=${min}`])
      assert.equal(parsePolicyChange(`${name}=${wrong}`), undefined, `${name}=${wrong}`);
  }
});

test('parsePolicyChange() lets blanks stand around name and value, and takes nothing else', () => {
  const change = { name: 'network-56', value: 0 };
  assert.deepEqual(parsePolicyChange(' network-56 = 0 '), change);
  for (const text of [
    '',
    '=',
    'network-56',
    'network-56=0x0',
    'network-56=0e0',
    'network-56=+0',
    'network-56=0.0',
    'network-56=٠',
    '=5',
    'network-57=5',
    'network-56:5',
    'NETWORK-56=5',
  ])
    assert.equal(parsePolicyChange(text), undefined, text);
});

test('policyOf() changes the lines that are named, and no others', () => {
  const policy = policyOf(new Map([['range-watch', 7]]));
  for (const name of NAMES) {
    assert.equal(policy[name], name === 'range-watch' ? 7 : POLICY_RULES[name].value, name);
    assert.equal(DEFAULT_POLICY[name], POLICY_RULES[name].value, name);
  }
});

test('gradeRank() puts grades from weak to strong', () => {
  assert.deepEqual([gradeRank('seen'), gradeRank('returned'), gradeRank('handshake')], [0, 1, 2]);
});

test('each line of the table says what it is for, and in which unit', () => {
  for (const name of NAMES) {
    const { doc, unit } = POLICY_RULES[name];
    assert.match(doc, /^[A-Z].*\.$/u, name);
    assert.notEqual(unit, '', name);
  }
  const { doc } = POLICY_RULES['networks-foreign-mobile'];
  assert.match(
    doc,
    /^How many networks .* mobile numbers of other countries .*; 0 never lists them\.$/u,
  );
});
