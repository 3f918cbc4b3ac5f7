// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Accounts } from '../src/accounts.ts';
import { KeyedHash } from '@sentrypeer/bytes';
import { ACCOUNTS, ATTACKER, secret } from './bench.ts';

const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => String(from + index));

test('Accounts has a plausible few of the short numbers and names', () => {
  const existing = (list: readonly string[]) =>
    list.filter((account) => ACCOUNTS.exists(account)).length;
  const extensions = existing(range(100, 1000));
  assert.ok(extensions > 120 && extensions < 330, `${extensions} of 900`);
  const four = existing(range(1000, 10_000));
  assert.ok(four > 700 && four < 1500, `${four} of 9,000`);
  assert.ok(existing(range(10_000, 100_000)) < 2500);
});

test('Accounts never has what tools ask for first to see how an unknown account is refused', () => {
  const absurd = [
    '1719813943',
    '8463920',
    '914625387',
    'baduser-8179',
    'nobody',
    'None',
    '',
    ' 100',
  ];
  for (const account of [...absurd, '0', '9', 'x'.repeat(60_000), '100\u0000', '１００']) {
    assert.equal(ACCOUNTS.exists(account), false, account.slice(0, 20));
  }
  for (const strange of ['-', '.', ' ', '/', ':', 'a']) {
    assert.ok(!range(10, 100).some((number) => ACCOUNTS.exists(strange + number)), strange);
  }
  assert.equal(
    range(2_000_000_000, 2_000_000_500).some((account) => ACCOUNTS.exists(account)),
    false,
  );
});

test('Accounts are others on another node, and the same each time', () => {
  const other = new Accounts(new KeyedHash(secret(9)));
  const here = range(100, 1000).filter((account) => ACCOUNTS.exists(account));
  assert.deepEqual(
    here,
    range(100, 1000).filter((account) => ACCOUNTS.exists(account)),
  );
  assert.notDeepEqual(
    here,
    range(100, 1000).filter((account) => other.exists(account)),
  );
});

test('Accounts lets half of the accounts have their own number as password', () => {
  const accounts = range(100, 1000);
  const own = accounts.filter((account) => ACCOUNTS.passwordOf(account) === account).length;
  assert.ok(own > 350 && own < 550, `${own} of 900`);
});

test('Accounts.guessesNeeded() is late and differs by source', () => {
  const needed = range(0, 100).map((index) => ACCOUNTS.guessesNeeded('100', `10.0.0.${index}`));
  assert.ok(needed.every((count) => count >= 12 && count < 76));
  assert.ok(new Set(needed).size > 20);
  assert.equal(ACCOUNTS.guessesNeeded('100', ATTACKER), ACCOUNTS.guessesNeeded('100', ATTACKER));
});

test('Accounts has some of the names that a PBX may have, and others on each node', () => {
  const names = ['admin', 'fax', 'operator', 'reception', 'sales', 'service', 'test', 'trunk'];
  const all = [...names, 'user', 'voip', 'voicemail'];
  const nodes = Array.from({ length: 40 }, (_, seed) => new Accounts(new KeyedHash(secret(seed))));
  for (const name of all) {
    const count = nodes.filter((accounts) => accounts.exists(name)).length;
    assert.ok(count > 8 && count < 32, `${name} on ${count} of 40 nodes`);
    assert.ok(
      nodes.every((accounts) => !accounts.exists(name.toUpperCase())),
      name,
    );
  }
});

test('Accounts has numbers of two to five digits, the usual lengths of extensions', () => {
  const nodes = Array.from({ length: 40 }, (_, seed) => new Accounts(new KeyedHash(secret(seed))));
  const shares = [1, 2, 3, 4, 5, 6].map((digits) => {
    const accounts = range(10 ** (digits - 1), 10 ** (digits - 1) + 9);
    const found = nodes.flatMap((node) => accounts.filter((account) => node.exists(account)));
    return found.length / (nodes.length * accounts.length);
  });
  const expected = [0, 1 / 8, 1 / 4, 1 / 8, 1 / 64, 0];
  for (const [index, share] of shares.entries()) {
    const wanted = expected[index] ?? 0;
    assert.ok(Math.abs(share - wanted) <= wanted / 2, `${index + 1} digits: ${share}`);
  }
});

test('Accounts have common passwords where it is not their own number', () => {
  const common = new Set(['1234', '12345', '123456', 'password']);
  const passwords = range(100, 1000).map((account) => {
    const password = ACCOUNTS.passwordOf(account);
    return password === account + account ? 'twice' : password === account ? 'own' : password;
  });
  assert.deepEqual(new Set(passwords), new Set([...common, 'own', 'twice']));
});

test('Accounts.guessesNeeded() of one source differs by account', () => {
  const needed = range(100, 140).map((account) => ACCOUNTS.guessesNeeded(account, ATTACKER));
  assert.ok(new Set(needed).size > 10);
  assert.deepEqual([Math.min(...needed) >= 12, Math.max(...needed) < 76], [true, true]);
});
