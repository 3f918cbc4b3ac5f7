// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPTION_ENTRIES } from '../../src/config/settings.ts';
import { parseFlags } from '../../src/config/flags.ts';
import { load, refused, run } from './sources.ts';

test('parseFlags() takes the key of a node for a word where nodes are named, though it begins with a hyphen', () => {
  const key = '-HgGV_YE7SmN0gHdO7L5j01988ivh5EZwDJM8GAEu5M';
  assert.deepEqual(parseFlags(['peers', 'trust', key, 'Bob']).words, [
    'peers',
    'trust',
    key,
    'Bob',
  ]);
  assert.throws(() => parseFlags(['delist', key]), { message: /unknown option "-H"/ });
});

test('parseFlags() has the letters of SentryPeer 4.x with their long names', () => {
  const letters = Object.fromEntries(
    OPTION_ENTRIES.flatMap(([, { short, long }]) => (short === undefined ? [] : [[short, long]])),
  );
  assert.deepEqual(letters, {
    f: 'db-file',
    j: 'json-log',
    l: 'json-log-file',
    a: 'api',
    r: 'responsive',
    R: 'no-sip',
    s: 'syslog',
    t: 'cert',
    k: 'key',
    z: 'tls-listen-address',
    g: 'config-file',
    p: 'peer-to-peer',
    b: 'bootstrap-node',
    N: 'no-tls',
    v: 'verbose',
    d: 'debug',
    w: 'webhook-url',
    i: 'oauth2-client-id',
    c: 'oauth2-client-secret',
  });
});

test('parseFlags() combines letters', () => {
  const { config } = run('-dras');
  assert.deepEqual(
    [config.debug, config.responsive, config.api, config.syslog, config.noTls],
    [true, true, true, true, false],
  );
});

test('parseFlags() takes a value attached, separate, or after an equals sign', () => {
  for (const argv of [
    '-f/x.db',
    '-f /x.db',
    '-rf/x.db',
    '-rf /x.db',
    '--db-file=/x.db',
    '--db-file /x.db',
  ]) {
    assert.equal(run(argv).config.dbFile, '/x.db', argv);
  }
  assert.equal(run('--db-file=-x.db').config.dbFile, '-x.db');
  assert.equal(run('--db-file=a=b').config.dbFile, 'a=b');
});

test('parseFlags() takes --sip-agent without a value for its usual address, and with what can be its value', () => {
  const usual = [{ address: '127.0.0.1', port: 5062 }];
  assert.equal(run('').config.sipAgent, false);
  assert.deepEqual(run('--sip-agent').config.sipAgent, usual);
  assert.deepEqual(run('--sip-agent -r').config.sipAgent, usual);
  assert.equal(run('--sip-agent -r').config.responsive, true);
  assert.deepEqual(run('', { env: { SENTRYPEER_SIP_AGENT: '1' } }).config.sipAgent, usual);
  const other = [{ address: '192.0.2.1', port: 5090 }];
  assert.deepEqual(run('--sip-agent 192.0.2.1:5090').config.sipAgent, other);
  assert.deepEqual(run('--sip-agent=192.0.2.1:5090').config.sipAgent, other);
  assert.equal(run('--sip-agent off').config.sipAgent, false);
  const backup = load('--sip-agent backup /b.db');
  assert.ok(backup.kind === 'command' && backup.words[0] === 'backup');
  assert.match(refused('--sip-agent=nonsense'), /^--sip-agent: "nonsense" is not off, on /);
  const nonsense = load('--sip-agent nonsense');
  assert.ok(nonsense.kind === 'command' && nonsense.words[0] === 'nonsense');
});

test('parseFlags() ends the options at a double hyphen', () => {
  const loaded = load('-- -r');
  assert.ok(loaded.kind === 'command');
  assert.deepEqual(loaded.words, ['-r']);
  run('-r --');
});

test('parseFlags() refuses a missing value and a flag in its place', () => {
  assert.equal(refused('-f'), '-f needs a value: write -f FILE');
  assert.equal(refused('--sip-port'), '--sip-port needs a value: write --sip-port PORT');
  assert.equal(
    refused('-f -r'),
    '-f needs a value, but "-r" follows: write -f FILE, or --db-file=FILE where it begins with a hyphen',
  );
  assert.equal(refused('-f=/x'), '"-f=/x": write -f FILE or --db-file=FILE');
  assert.equal(refused('--db-file='), '--db-file: "" is not the path of a file');
  assert.equal(refused('--help=1'), '--help takes no value: write --help alone');
});

test('parseFlags() suggests what was probably meant', () => {
  assert.equal(refused('--responsiv'), 'unknown option "--responsiv", did you mean --responsive?');
  assert.equal(refused('--apiport=1'), 'unknown option "--apiport", did you mean --api-port?');
  assert.equal(refused('-S'), 'unknown option "-S", did you mean -s?');
  assert.equal(
    refused('-responsive'),
    'unknown option "-e" in "-responsive", did you mean --responsive?',
  );
  assert.equal(refused('-x'), 'unknown option "-x", see sentrypeer --help for those there are');
  assert.equal(
    refused('--\u001b[2J'),
    'unknown option "--\\x1b[2J", see sentrypeer --help for those there are',
  );
});

test('parseFlags() refuses two different values, and takes the same one twice', () => {
  assert.equal(
    refused('-f a --db-file b'),
    '--db-file is given twice, as "a" and "b": leave one out',
  );
  assert.match(refused('--api --api=off'), /^--api is given twice/);
  assert.equal(run('-f a -f a -vv').config.dbFile, 'a');
});

test('parseFlags() gathers a flag that may be repeated', () => {
  assert.deepEqual(run('-z 127.0.0.1:1 -z [::1]:2').config.tlsListenAddresses, [
    { address: '127.0.0.1', port: 1 },
    { address: '::1', port: 2 },
  ]);
});
