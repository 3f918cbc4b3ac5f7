// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { knowSession, session, signIn, signOut } from '../src/state/session.ts';

const NOBODY = { key_required: false, session: null };
const SOMEBODY = { key_required: false, session: { name: 'ops', role: 'admin', token: 't' } };

const signedIn = (): string | undefined => session.value?.name;

test('what was asked before somebody signed in or out does not undo it when its answer comes late', async () => {
  const late = Promise.withResolvers<Response>();
  const answers = [late.promise, Response.json(SOMEBODY)];
  mock.method(globalThis, 'fetch', () => Promise.resolve(answers.shift()));
  const asked = knowSession();
  assert.equal(await signIn('key'), undefined);
  late.resolve(Response.json(NOBODY));
  await asked;
  assert.equal(signedIn(), 'ops');

  const later = Promise.withResolvers<Response>();
  answers.push(later.promise, new Response(null, { status: 204 }));
  const askedAgain = knowSession();
  await signOut();
  later.resolve(Response.json(SOMEBODY));
  await askedAgain;
  assert.equal(signedIn(), undefined);

  // Somebody who signed in elsewhere meanwhile is known after the next request.
  answers.push(Response.json(SOMEBODY));
  await knowSession();
  assert.equal(signedIn(), 'ops');
  mock.restoreAll();
});
