// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCertainEmergency, isEmergency, isEmergencySomewhere } from '../src/emergency.ts';

/** Some countries and all their numbers besides 112 and 911. */
const COUNTRIES: Readonly<Record<string, readonly string[]>> = {
  AL: ['127', '128', '129'],
  AW: ['100'],
  BE: ['100', '101'],
  BL: ['18'],
  BW: ['997', '998', '999'],
  CG: ['117', '118'],
  CM: ['13', '17', '113', '117'],
  CY: ['199'],
  DM: ['333', '999'],
  ES: ['085', '088'],
  GB: ['999'],
  GI: ['190', '199'],
  GW: ['113', '117', '118'],
  HU: ['104', '105', '107'],
  IN: ['100', '101', '102', '108', '1298', '2611'],
  JO: ['191', '192', '197'],
  KH: ['117', '118', '119', '666'],
  KR: ['119'],
  LI: ['117', '118', '144'],
  LU: ['113'],
  MD: ['901', '902', '903'],
  MM: ['199'],
  MU: ['114', '115', '995', '999'],
  MZ: ['117', '119', '197', '198'],
  NO: ['110', '113'],
  PE: ['105', '116', '117'],
  PM: ['15', '17', '18'],
  RS: ['92', '93', '94'],
  SG: ['993', '995', '999'],
  SN: ['17', '18'],
  TD: ['17', '18'],
  TM: ['01', '02', '03'],
  TW: ['110', '119'],
  UZ: ['01', '02', '03', '001', '002', '003', '050'],
  WF: ['15', '17', '18'],
  ZM: ['991', '993', '999'],
  ZW: ['993', '994', '995', '999'],
};

test('isEmergency() knows the numbers of a country, and 112 and 911 everywhere', () => {
  for (const [country, numbers] of Object.entries(COUNTRIES)) {
    for (const number of [...numbers, '112', '911']) {
      assert.ok(isEmergency(number, country), `${number} in ${country}`);
      assert.ok(isCertainEmergency(number, country), `${number} in ${country}`);
      assert.ok(isEmergencySomewhere(number), number);
    }
  }
});

test('isEmergency() knows the numbers of all countries where none is set, isCertainEmergency() only 112 and 911', () => {
  for (const number of Object.values(COUNTRIES).flat()) {
    assert.ok(isEmergency(number, undefined), number);
    assert.ok(!isCertainEmergency(number, undefined), number);
  }
  for (const number of ['112', '911']) {
    assert.ok(isEmergency(number, undefined));
    assert.ok(isCertainEmergency(number, undefined));
    assert.ok(isEmergency(number, 'XX'), 'a country that has no entry');
    assert.ok(isCertainEmergency(number, 'XX'));
  }
});

test('isEmergency() knows no number of another country, nor one that is longer or shorter', () => {
  assert.ok(!isEmergency('999', 'DE'));
  assert.ok(!isEmergency('110', 'GB'));
  assert.ok(!isCertainEmergency('999', 'DE'));
  assert.ok(!isEmergency('999', 'XX'));
  for (const number of ['', '1', '11', '1120', '0112', '46112', 'AC', 'GB']) {
    assert.ok(!isEmergency(number, undefined), number);
    assert.ok(!isEmergency(number, 'DE'), number);
    assert.ok(!isCertainEmergency(number, undefined), number);
    assert.ok(!isEmergencySomewhere(number), number);
  }
  assert.ok(!isCertainEmergency('', ''));
});
