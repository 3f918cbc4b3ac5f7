// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Calls for help among marks and contexts, and what only looks like one. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NumberingPlans, readNumber, readQuestion } from '../src/index.ts';

const plans = await NumberingPlans.load();

for (const [text, country, kind] of [
  // Telephones in an area dial emergency numbers as they are.
  ['tel:112;phone-context=+4930', 'DE', 'emergency'],
  ['tel:110;phone-context=+49-30', 'DE', 'emergency'],
  ['tel:911;phone-context=+1416', 'CA', 'emergency'],
  ['sip:9911;phone-context=+1416@pbx.example;user=phone', 'CA', 'emergency'],
  ['tel:112;phone-context=+4420', undefined, 'emergency'],
  ['tel:115;phone-context=+4930', 'DE', 'number'],
  // Behind the beginning of one company's numbers they are its extensions.
  ['tel:112;phone-context=+4930123456', 'DE', 'number'],
  ['+4930112', 'DE', 'number'],
  // And then an outside line of a PBX.
  ['*679911', 'US', 'emergency'],
  ['*67*9911', 'US', 'emergency'],
  ['#31#0112', 'DE', 'emergency'],
  ['#31#0110', 'DE', 'emergency'],
  ['#31#0115', 'DE', 'feature-code'],
  // What follows a whole number is no call for help.
  ['00882131234567#112', undefined, 'number'],
  ['00882131234567%23911', 'US', 'number'],
  ['00882131234567*112', undefined, 'feature-code'],
  ['00882131234567+112', undefined, 'feature-code'],
  ['+882131234567#31#112', undefined, 'number'],
] as const) {
  test(`readQuestion() takes ${text} in ${country ?? 'no country'} for ${kind}`, () => {
    const home = country === undefined ? undefined : plans.home(country);
    assert.equal(readQuestion(plans, text, home).kind, kind);
  });
}

for (const text of ['+46701234567#1', '0046701234567 # 123456', '46701234567##']) {
  test(`readNumber() reads ${text} as +46701234567, without what is sent once the call is answered`, () => {
    for (const reading of [readNumber(plans, text), readQuestion(plans, text)]) {
      assert.equal(reading.candidates[0]?.e164, '46701234567');
    }
  });
}
