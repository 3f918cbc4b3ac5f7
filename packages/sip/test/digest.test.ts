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

test('computeDigestResponse() gives the response of RFC 7616 §3.9.2, as corrected by erratum 4897', () => {
  const input = {
    ...RFC7616,
    algorithm: 'SHA-512-256',
    username: 'J\xc3\xa4s\xc3\xb8n Doe',
    realm: 'api@example.org',
    password: 'Secret, or not?',
    uri: '/doe.json',
    nonce: '5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK',
    cnonce: 'NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v',
  };
  assert.equal(
    computeDigestResponse(input),
    '3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5',
  );
});

test('computeDigestResponse() hashes qop as sent, and nothing for nc and cnonce that were not', () => {
  const { nc: _nc, cnonce: _cnonce, ...input } = RFC7616;
  const secret = md5('Mufasa:http-auth@example.org:Circle of Life');
  const request = md5('GET:/dir/index.html');
  const { nonce } = RFC7616;
  assert.equal(
    computeDigestResponse({ ...input, qop: 'AUTH' }),
    md5(`${secret}:${nonce}:::AUTH:${request}`),
  );
  assert.equal(
    computeDigestResponse({ ...input, rule: 'rfc2069', algorithm: 'MD5-sess' }),
    md5(`${md5(`${secret}:${nonce}:`)}:${nonce}:${request}`),
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

test('verifyDigest() uses the newer rule only if nc and cnonce were sent, with or without qop', () => {
  const ha1 = md5('1:r:p');
  const ha2 = md5('REGISTER:sip:h');
  const verify = (response: string, rest: string) =>
    verifyDigest(
      parseDigestParams(
        `Digest username=1, realm=r, nonce=n, uri="sip:h", response=${response}${rest}`,
      ),
      'REGISTER',
      'p',
    );
  assert.equal(verify(md5(`${ha1}:n:1:c:auth:${ha2}`), ', nc=1, cnonce=c'), 'rfc2617-auth');
  assert.equal(verify(md5(`${ha1}:n:1::auth:${ha2}`), ', nc=1, qop=auth'), undefined);
  assert.equal(verify(md5(`${ha1}:n::c:auth:${ha2}`), ', cnonce=c, qop=auth'), undefined);
  assert.equal(verify(md5(`${ha1}:n:::auth:${ha2}`), ', qop=auth'), undefined);
});

test('verifyDigest() takes what the credentials lack as empty', () => {
  const response = md5(`${md5('::p')}::${md5('INVITE:')}`);
  const credentials = parseDigestParams(`Digest response=${response}`);
  assert.equal(verifyDigest(credentials, 'INVITE', 'p'), 'rfc2069');
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
  assert.deepEqual(parameters('Digest a=1, A=2, b'), [['a', '1']], 'of repeated names, the first');
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

test('parseDigestParams() gives every field of RFC 7616 §3.4', () => {
  const {
    scheme,
    isDigest,
    parameters: _parameters,
    ...fields
  } = parseDigestParams(
    'Digest username="100", realm="r", nonce="n", uri="sip:h", response="0a", algorithm=MD5, qop=auth, nc=1, cnonce="c", opaque="o"',
  );
  assert.deepEqual([scheme, isDigest], ['Digest', true]);
  assert.deepEqual(fields, {
    username: '100',
    realm: 'r',
    nonce: 'n',
    uri: 'sip:h',
    response: '0a',
    algorithm: 'MD5',
    qop: 'auth',
    nc: '1',
    cnonce: 'c',
    opaque: 'o',
  });
});

test('formatChallenge() writes the order and the blanks of each product', () => {
  const challenge = { realm: 'r', nonce: 'n', opaque: 'o', stale: true, qop: 'auth' } as const;
  assert.equal(
    formatChallenge({ ...challenge, form: 'algorithm-behind-nonce' }),
    'Digest realm="r", nonce="n", opaque="o", stale=true, algorithm=MD5, qop="auth"',
  );
  assert.equal(
    formatChallenge({ ...challenge, form: 'without-blanks' }),
    'Digest realm="r",nonce="n",opaque="o",stale=true,algorithm=MD5,qop="auth"',
  );
  assert.equal(
    formatChallenge({ realm: 'r', nonce: 'n', form: 'without-blanks' }),
    'Digest algorithm=MD5,realm="r",nonce="n"',
    'nmap reads an algorithm only if a comma follows it',
  );
  assert.equal(
    formatChallenge({ realm: 'r', nonce: 'n', form: 'algorithm-first', isShort: true }),
    'Digest realm="r", nonce="n"',
  );
});
