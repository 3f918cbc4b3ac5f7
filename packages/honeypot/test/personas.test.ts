// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choosePersona, personaByName, personaNames } from '../src/index.ts';
import { KeyedHash } from '@sentrypeer/bytes';
import { listed, wear } from '../src/worn-persona.ts';
import { persona, secret } from './bench.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789._';

test('personaByName() finds every persona by its name, and nothing else', () => {
  for (const name of personaNames) assert.equal(personaByName(name)?.name, name);
  assert.equal(new Set(personaNames).size, personaNames.length);
  assert.equal(personaByName('__proto__'), undefined);
  assert.equal(personaByName(''), undefined);
});

test('choosePersona() chooses the same one for a node each time, and each for some node', () => {
  const chosen = Array.from({ length: 200 }, (_, seed) => choosePersona(secret(seed)).name);
  assert.deepEqual([...new Set(chosen)].toSorted(), [...personaNames].toSorted());
  assert.equal(choosePersona(secret(7)), choosePersona(secret(7)));
});

test('wear() gives two nodes of one family different versions and realms', () => {
  for (const name of personaNames) {
    const worn = Array.from({ length: 60 }, (_, seed) =>
      wear(persona(name), new KeyedHash(secret(seed))),
    );
    assert.ok(new Set(worn.map(({ product }) => product)).size >= 3, name);
    assert.ok(new Set(worn.map(({ realm }) => realm)).size >= 3, name);
  }
});

for (const name of personaNames) {
  test(`the persona ${name} says nothing that tools cannot read`, () => {
    const { allow, products, challenge } = persona(name);
    for (const realm of challenge.realms) {
      assert.ok(
        Array.from(realm).every((character) => ALPHABET.includes(character)),
        realm,
      );
    }
    assert.ok(products.every((product) => product.length < 70));
    for (const methods of allow) {
      assert.ok(
        ['INVITE', 'ACK', 'BYE', 'CANCEL', 'OPTIONS'].every((m) => listed(methods).includes(m)),
      );
    }
  });
}

test('wear() names the version in session descriptions as the product does', () => {
  const nameFor = (product: string) =>
    wear({ ...persona('asterisk'), products: [product] }, new KeyedHash(secret(1))).sessionName;
  assert.equal(nameFor('Asterisk PBX 16.28.0'), 'Asterisk PBX 16.28.0');
  assert.equal(nameFor('FPBX-15.0.16.81(16.13.0)'), 'Asterisk PBX 16.13.0');
  assert.equal(nameFor('Asterisk PBX (test) 18.9.0'), 'Asterisk PBX 18.9.0');
  assert.equal(nameFor('FPBX-1 16.13.0)'), 'Asterisk PBX 16.13.0)');
  assert.equal(nameFor('Asterisk'), 'Asterisk PBX Asterisk');
});

test('listed() has each element of a list without the blanks and commas between them', () => {
  assert.deepEqual(listed('INVITE, ACK,BYE ,, OPTIONS,'), ['INVITE', 'ACK', 'BYE', 'OPTIONS']);
  assert.deepEqual(listed(''), []);
});
