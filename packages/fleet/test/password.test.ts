// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newPassword, scramVerifier } from '../src/password.ts';

test('scramVerifier() is that of RFC 7677 §3', () => {
  // The user `user` with the password `pencil`; the keys are those that the RFC's exchange proves.
  const salt = Uint8Array.fromBase64('W22ZaJ0SNY7soEsUEjb6gQ==');
  assert.equal(
    scramVerifier('pencil', salt),
    'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
  );
});

test('newPassword() needs no escape anywhere, and is another each time', () => {
  const passwords = Array.from({ length: 100 }, newPassword);
  assert.equal(new Set(passwords).size, 100);
  for (const password of passwords) assert.match(password, /^[A-Za-z0-9_-]{24}$/);
});
