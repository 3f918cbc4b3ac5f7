// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Digits that are too few for a number: calls for help, services, extensions, each at its limit. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NumberingPlans } from '../src/index.ts';
import {
  isBareEmergency,
  isForeignEmergency,
  isMarkedEmergency,
  shortKind,
} from '../src/short-codes.ts';

const plans = await NumberingPlans.load();

test('shortKind() knows services by all their digits, or by how they begin', () => {
  for (const digits of ['211', '311', '411', '511', '611', '711', '811'])
    assert.equal(shortKind(digits, 'US'), 'short-code', digits);
  // The suicide and crisis lifeline is a call for help in North America, and a service elsewhere.
  assert.equal(shortKind('988', 'US'), 'emergency');
  assert.equal(shortKind('988', 'DE'), 'short-code');
  for (const digits of ['11600', '116000', '116117', '11800', '118500'])
    assert.equal(shortKind(digits, 'DE'), 'short-code', digits);
  for (const digits of ['1160', '1180', '11700', '21', '2111', '212', '999999'])
    assert.equal(shortKind(digits, 'DE'), 'extension', digits);
  for (const digits of ['1160000', '2110000', '1234567'])
    assert.equal(shortKind(digits, 'DE'), undefined, digits);
});

test('shortKind() hears a call for help on an outside line, and after an international prefix', () => {
  for (const digits of ['112', '9112', '0112', '8112', '7112', '99112', '00112'])
    assert.equal(shortKind(digits, 'DE'), 'emergency', digits);
  // A number of the country alone.
  assert.equal(shortKind('9110', 'DE'), 'emergency');
  assert.equal(shortKind('9110', 'GB'), 'extension');
  for (const digits of ['011112', '900112', '000112'])
    assert.equal(shortKind(digits, 'DE'), 'emergency', digits);
  assert.equal(shortKind('011110', 'DE'), 'emergency');
  assert.equal(shortKind('011110', 'GB'), 'extension');
});

test('isMarkedEmergency() takes what may stand after a plus or a code, and nothing longer', () => {
  for (const digits of ['112', '911', '999']) {
    assert.ok(isMarkedEmergency(digits, true, 'GB'), digits);
    assert.ok(isMarkedEmergency(digits, false, 'GB'), digits);
    assert.ok(isMarkedEmergency(`67${digits}`, false, 'GB'), digits);
    assert.ok(!isMarkedEmergency(`67${digits}`, true, 'GB'), 'after a plus it is all of it');
    assert.ok(!isMarkedEmergency(`1${digits}`, false, 'GB'), digits);
  }
  // Without a country a plus says more than a mark.
  assert.ok(isMarkedEmergency('999', true, undefined));
  assert.ok(!isMarkedEmergency('999', false, undefined));
  assert.ok(!isMarkedEmergency('1120000', true, undefined));
});

test('isBareEmergency() is the code of the home country, or of any, before what its telephones dial', () => {
  const germany = plans.home('DE');
  assert.ok(isBareEmergency(plans, '49112', germany));
  assert.ok(isBareEmergency(plans, '49110', germany));
  assert.ok(!isBareEmergency(plans, '49999', germany));
  assert.ok(!isBareEmergency(plans, '44112', germany), 'the code of another country');
  assert.ok(isBareEmergency(plans, '44112', undefined));
  assert.ok(isBareEmergency(plans, '371112', undefined));
  assert.ok(!isBareEmergency(plans, '44999', undefined), 'only what telephones everywhere dial');
  assert.ok(!isBareEmergency(plans, '4901121', germany), 'too long');
  assert.ok(!isBareEmergency(plans, '4911200', undefined));
  assert.ok(!isBareEmergency(plans, '0112', undefined), 'no code begins so');
});

test('isForeignEmergency() is a country, perhaps after an international prefix, unless it is a number there', () => {
  for (const digits of [
    '46112',
    '0046112',
    '01146112',
    '001146112',
    '90046112',
    '901146112',
    '00046112',
    '44999',
    '0044999',
  ])
    assert.ok(isForeignEmergency(plans, digits), digits);
  for (const digits of ['46113456', '4611', '0112', '00112', '99946112', '46701234567'])
    assert.ok(!isForeignEmergency(plans, digits), digits);
});
