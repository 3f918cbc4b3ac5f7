// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import {
  computeDigestResponse,
  formatChallenge,
  parseDigestParams,
  verifyDigest,
} from '../src/index.ts';

const md5 = (text: string): string => createHash('md5').update(text, 'latin1').digest('hex');

/** RFC 7616 §3.9.1. */
const RFC7616 = {
  rule: 'rfc2617-auth',
  username: 'Mufasa',
  realm: 'http-auth@example.org',
  password: 'Circle of Life',
  method: 'GET',
  uri: '/dir/index.html',
  nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
  nc: '00000001',
  cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
  qop: 'auth',
} as const;

test('computeDigestResponse() gives the responses of RFC 2617 §3.5 and RFC 7616 §3.9.1', () => {
  const rfc2617 = {
    ...RFC7616,
    realm: 'testrealm@host.com',
    password: 'Circle Of Life',
    nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
    cnonce: '0a4f113b',
  };
  assert.equal(computeDigestResponse(rfc2617), '6629fae49393a05397450978507c4ef1');
  assert.equal(computeDigestResponse(RFC7616), '8ca523f5e9506fed4657c9700eebdbec');
  assert.equal(
    computeDigestResponse({ ...RFC7616, algorithm: 'SHA-256' }),
    '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1',
  );
});

test('computeDigestResponse() does not know other algorithms', () => {
  assert.equal(computeDigestResponse({ ...RFC7616, algorithm: 'AKAv1-MD5' }), undefined);
  assert.equal(computeDigestResponse({ ...RFC7616, algorithm: '' }), undefined);
});

test('verifyDigest() tries both rules, whatever qop claims', () => {
  const ha1 = md5('100@:asterisk:secret');
  const ha2 = md5('REGISTER:sip:h');
  const old = md5(`${ha1}:abc:${ha2}`);
  const fields = 'username="100@", realm="asterisk", nonce="abc", uri="sip:h"';
  const verify = (rest: string, password = 'secret') =>
    verifyDigest(parseDigestParams(`Digest ${fields}, ${rest}`), 'REGISTER', password);
  assert.equal(verify(`response="${old}"`), 'rfc2069');
  assert.equal(verify(`response="${old.toUpperCase()}", qop=auth, algorithm=md5`), 'rfc2069');
  assert.equal(verify(`response="${old}", qop=auth, nc=00000001, cnonce="x"`), 'rfc2069');
  const withQop = md5(`${ha1}:abc:00000007:x:auth:${ha2}`);
  assert.equal(
    verify(`response=${withQop}, qop="auth", nc="00000007", cnonce=x`),
    'rfc2617-auth',
    'nc need not rise from one',
  );
  assert.equal(verify(`response="${old}"`, 'Secret'), undefined);
  assert.equal(verify(`response="${old}", algorithm=SHA-256`), undefined);
  assert.equal(verify(`response="${old}", algorithm=none`), undefined);
  assert.equal(verify('qop=auth'), undefined);
});

test('verifyDigest() takes an empty realm as sent', () => {
  const response = md5(`${md5('1::p')}:n:${md5('INVITE:sip:h')}`);
  const text = `Digest username="1", realm="", nonce="n", uri="sip:h", response="${response}"`;
  assert.equal(verifyDigest(parseDigestParams(text), 'INVITE', 'p'), 'rfc2069');
});

test('verifyDigest() knows auth-int and session algorithms', () => {
  const secret = md5('1:r:p');
  const session = md5(`${secret}:n:c`);
  const body = new TextEncoder().encode('v=0');
  const integrity = md5(`INVITE:sip:h:${md5('v=0')}`);
  const response = md5(`${session}:n:1:c:auth-int:${integrity}`);
  const credentials = parseDigestParams(
    `Digest username=1, realm=r, nonce=n, uri="sip:h", cnonce=c, nc=1, qop=auth-int, algorithm=MD5-sess, response=${response}`,
  );
  assert.equal(verifyDigest(credentials, 'INVITE', 'p', body), 'rfc2617-auth-int');
  assert.equal(verifyDigest(credentials, 'INVITE', 'p'), undefined);
  assert.equal(verifyDigest(credentials, 'BYE', 'p', body), undefined);
});

test('verifyDigest() refuses other schemes', () => {
  const response = md5(`${md5(':r:p')}:n:${md5('INVITE:sip:h')}`);
  const text = `realm=r, nonce=n, uri="sip:h", response=${response}`;
  assert.equal(verifyDigest(parseDigestParams(`Digest ${text}`), 'INVITE', 'p'), 'rfc2069');
  assert.equal(verifyDigest(parseDigestParams(`Digestive ${text}`), 'INVITE', 'p'), undefined);
});

test('parseDigestParams() reads what is damaged as far as it goes', () => {
  const parameters = (text: string) => [...parseDigestParams(text).parameters];
  assert.deepEqual(parameters('Digest'), []);
  assert.deepEqual(parameters(''), []);
  assert.deepEqual(parameters('Digest a="open, b=c'), [['a', 'open, b=c']]);
  assert.deepEqual(parameters('Digest ,, a , =x, b=\t"1\\"2" , c='), [
    ['', 'x'],
    ['b', '1"2'],
    ['c', ''],
  ]);
  assert.deepEqual(parameters('Digest a="'), [['a', '']]);
  const many = Array.from({ length: 100 }, (_, index) => `p${index}=1`).join(',');
  assert.equal(parameters(`Digest ${many}`).length, 64);
});

test('formatChallenge() gives the shape that every tool reads', () => {
  const challenge = { realm: 'asterisk', nonce: '5f3c0a9e7b21d864' };
  assert.equal(
    formatChallenge({ ...challenge, qop: 'auth' }),
    'Digest algorithm=MD5, realm="asterisk", nonce="5f3c0a9e7b21d864", qop="auth"',
  );
  assert.equal(
    formatChallenge(challenge),
    'Digest algorithm=MD5, realm="asterisk", nonce="5f3c0a9e7b21d864"',
  );
  assert.equal(
    formatChallenge({ ...challenge, qop: 'auth', opaque: '0a', stale: true }),
    'Digest algorithm=MD5, realm="asterisk", nonce="5f3c0a9e7b21d864", opaque="0a", stale=true, qop="auth"',
  );
  assert.equal(formatChallenge({ ...challenge, stale: false }), formatChallenge(challenge));
  const read = parseDigestParams(formatChallenge({ ...challenge, qop: 'auth' }));
  assert.deepEqual([read.algorithm, read.realm, read.qop], ['MD5', 'asterisk', 'auth']);
});
