// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helpText } from '../../src/commands/help-text.ts';
import { COMMANDS } from '../../src/commands/table.ts';
import { prepared, refusedCommand } from './prepared.ts';

test('the table of commands has each name once, and each can be asked for its help', () => {
  const names = COMMANDS.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const name of names) {
    const help = helpText(name.split(' '));
    assert.match(help, new RegExp(`^Usage: sentrypeer \\[OPTION\\]\\.\\.\\. ${name}[ \n]`));
    for (const line of help.split('\n')) {
      assert.ok(line.length <= 80 || line.startsWith('  ') || line.startsWith('Usage'), line);
    }
  }
  assert.match(helpText(['keys']), /keys add NAME ROLE[^]*keys list[^]*keys revoke NAME/);
  assert.match(helpText([]), /^Usage: sentrypeer \[OPTION\]\.\.\.\n/);
  assert.throws(() => helpText(['nonsense']), /unknown command "nonsense"/);
});

test('examples in the table of commands are command lines that are understood', () => {
  for (const { name, examples = [] } of COMMANDS) {
    for (const [words] of examples) prepared(words.split(' > ')[0] ?? '', name);
  }
});

test('findCommand() says what would be right', () => {
  assert.equal(refusedCommand('bakcup a'), 'unknown command "bakcup", did you mean backup?');
  assert.match(
    refusedCommand('start'),
    /^unknown command "start", there are .*backup.*: see sentrypeer --help$/,
  );
  const form = 'write keys add NAME ROLE, keys list or keys revoke NAME';
  assert.equal(refusedCommand('keys'), `keys needs one more word: ${form}`);
  assert.equal(refusedCommand('keys show'), `keys does not know "show": ${form}`);
});

test('a time of several words may be one word of the shell', () => {
  prepared(['allow', 'add', '192.0.2.1', '2 weeks', 'our office'], 'allow add');
  prepared(['allow', 'add', '192.0.2.1', 'until 2099-01-01 18:00'], 'allow add');
  prepared(['allow', 'add', '192.0.2.1', 'office of 7 days a week'], 'allow add');
  assert.match(refusedCommand('allow add 192.0.2.1 tomorrow'), /^"tomorrow" is not a time such as/);
  assert.match(
    refusedCommand(['allow', 'add', '192.0.2.1', '2 weeks', '30d']),
    /^"30d" follows a time and looks like another/,
  );
});

test('backup needs the file to write', () => {
  prepared('backup /b.db');
  assert.equal(refusedCommand('backup'), 'a word is missing: write backup FILE');
  assert.equal(refusedCommand('backup a b'), '"b" is one word too many: write backup FILE');
});

test('commands about keys read names and roles', () => {
  prepared('keys add pbx-1 read');
  prepared('keys revoke pbx-1');
  assert.match(refusedCommand('keys add'), /^"" is not a valid key name: write keys add NAME ROLE/);
  assert.match(refusedCommand('keys add a/b read'), /^"a\/b" is not a valid key name/);
  assert.match(refusedCommand(`keys add ${'x'.repeat(65)} read`), /is not a valid key name/);
  assert.match(refusedCommand('keys add pbx'), /^keys add got no role: it must be read/);
  assert.match(refusedCommand('keys add pbx root'), /^keys add got the role "root"/);
  assert.match(refusedCommand('keys add pbx read now'), /^"now" is one word too many/);
  assert.match(refusedCommand('keys list all'), /^"all" is one word too many/);
  assert.match(refusedCommand('keys revoke a b'), /^"b" is one word too many/);
});

test('commands about other nodes read their ids', () => {
  const node = '0191F6A1-0000-8000-8000-00000000000A';
  prepared('peers list');
  prepared(`peers distrust ${node}`);
  prepared('peers forget unsigned');
  prepared('peers', 'peers list');
  prepared('peers --by record', 'peers list');
  assert.match(refusedCommand('peers lsit'), /^peers does not know "lsit": write peers list/);
  assert.match(refusedCommand('peers love x'), /^peers does not know "love"/);
  assert.match(refusedCommand('peers trust everybody'), /^"everybody" is not a node/);
  prepared(`peers trust ${node} Alice and Bob`);
  prepared(`peers trust ${'A'.repeat(43)}`);
  assert.match(refusedCommand(`peers trust ${node} ${'x'.repeat(65)}`), /at most 64 characters/);
  assert.match(refusedCommand(`peers trust ${node} a\u001b[2J`), /printable/);
  assert.match(refusedCommand(`peers distrust ${node} x`), /is one word too many/);
  for (const network of ['45.10.0.0/16', '2a00:db8::/32', '45.10.0.7', 'AS64500']) {
    prepared(`peers distrust ${network}`);
    prepared(`peers forget ${network}`);
  }
  assert.match(refusedCommand('peers distrust 45.10.0.1/16'), /neither a node nor a network/);
  assert.match(refusedCommand('peers distrust 0.0.0.0/0'), /no wider than \/8/);
  assert.match(
    refusedCommand('peers trust 45.10.0.0/16'),
    /only nodes can be trusted. To take a distrust back: sentrypeer peers forget 45.10.0.0\/16/,
  );
});

test('commands about webhooks read names and events', () => {
  prepared('webhook status');
  prepared('webhook dead hub');
  prepared('webhook discard hub ABC');
  assert.match(refusedCommand('webhook'), /^webhook needs one more word/);
  assert.match(refusedCommand('webhook send'), /^webhook does not know "send"/);
  assert.match(refusedCommand('webhook dead'), /needs the name/);
  assert.match(refusedCommand('webhook resend a b c'), /"c" is one word too many/);
});

test('what was not read of a time never becomes a comment', () => {
  for (const words of [
    '30days',
    '1w',
    '2027-12-01',
    '1d12h',
    'for 30 days',
    '2 weeks',
    'forever',
  ]) {
    prepared(`allow add 192.0.2.1 ${words}`, 'allow add');
    prepared(`allow add 192.0.2.1 ${words} our office`, 'allow add');
  }
  prepared('allow add 192.0.2.1 our office', 'allow add');
  prepared('allow add 192.0.2.1 always --comment 24/7', 'allow add');
  assert.match(
    refusedCommand('allow add 192.0.2.1 24'),
    /^"24" has no unit: write 24h or 24d, or always; a comment that begins so is written with --comment$/,
  );
  assert.match(refusedCommand('allow add 192.0.2.1 1/2/2027'), /^"1\/2\/2027" is not a time such/);
  assert.match(refusedCommand('allow add 192.0.2.1 a customer 30d'), /^"30d" looks like a time/);
  assert.match(refusedCommand('allow add 192.0.2.1 always 30d'), /"30d" follows a time/);
  assert.match(refusedCommand('allow add 192.0.2.1 7d x --comment y'), /two comments/);
  prepared('block 45.0.0.0/8 1d12h scans from there', 'block');
  prepared('block list', 'block list');
  assert.match(refusedCommand('block 45.0.0.0/8 24'), /^"24" has no unit/);
  assert.match(refusedCommand('block'), /^a word is missing: write block WHAT/);
  assert.match(refusedCommand('unblock 45.0.0.0/8 30d'), /^"30d" is one word too many/);
  assert.match(refusedCommand('delist 192.0.2.1 30d'), /^"30d" looks like a time/);
  assert.match(
    refusedCommand('keys list --yes'),
    /^--yes is not an option of keys list: it belongs/,
  );
});

test('digits of any script are meant as a time', () => {
  for (const words of ['٣d', '३०d', '３ days', '²d', '½ day', '−30d', '≤30d', '“30d”']) {
    for (const command of ['allow add 192.0.2.1', 'block 192.0.2.1']) {
      const line = `${command} ${words}`;
      assert.match(refusedCommand(line), / is not a time such as 90s/u, line);
    }
    assert.match(refusedCommand(`delist 192.0.2.1 ${words}`), /looks like a time/u, words);
  }
  prepared('allow add 192.0.2.1 ticket №4711', 'allow add');
});

test('a file that a command writes or reads is never called by a hyphen', () => {
  for (const line of [
    'backup -',
    'import -',
    'pool export -',
    'pool import -',
    'pool init -',
    'fleet join berlin-1 sensor - db.example.org',
  ]) {
    assert.match(refusedCommand(line), /^"-" is not the path of a file: write .* FILE/u, line);
  }
  prepared('backup ./-', 'backup');
  assert.equal(refusedCommand(['backup', ' ']), 'a word is missing: write backup FILE');
});

test('fleet join takes the name or the address of one host', async () => {
  const line = 'fleet join berlin-1 sensor berlin-1.fleet';
  for (const host of ['192.0.2.300', 'db1,db2', 'db:0', 'db:99999', 'a..b', '']) {
    const words = [...line.split(' '), host];
    await assert.rejects(
      prepared(words)({ config: { fleetAddress: {} } } as never),
      /is not a host: write fleet join/,
      host,
    );
  }
});

/** Command lines with bars between them. */
function linesOf(text: string): readonly string[] {
  return text.split(' | ');
}

test('a time is read as a whole, or not at all', () => {
  for (const words of linesOf(
    'until=2027-01-31 | until:2027-01-31 | for30d | until2027-01-31 | ttl=30d | for=30d' +
      ' | one-month | sixteen days | many years | a quarter | starting tomorrow | +P30D' +
      ' | the 31st of January | office 30d. | office (30d) | office 2027-02-30' +
      ' | office (until 2027-01-31) | office until:2027-01-31 | office 31.12.2027 | office 1.5h' +
      ' | office ३०d | office until tomorrow | office for two weeks | office at 18:00',
  )) {
    assert.match(refusedCommand(`allow add 192.0.2.1 ${words}`), /looks like a time|not a time/u);
    assert.match(refusedCommand(`block 192.0.2.1 ${words}`), /looks like a time|not a time/u);
  }
  for (const words of linesOf(
    '2027-01-31 18:00 CET | 2027-01-31 18:00 Europe/Berlin | 2027-01-31 6:00 pm' +
      ' | 2027-01-31 at 18:00 | 2027-01-31 18:00 GMT+1 | 30d ago | 1d and a half | 2 weeks ago',
  )) {
    assert.match(
      refusedCommand(`allow add 192.0.2.1 ${words}`),
      /follows a time|not a time/u,
      words,
    );
  }
  for (const words of linesOf(
    'office 24/7 | 30d first/second line | one office | office for 24 sites' +
      ' | marketing 24 | moved from 10.1.20.3 | Asterisk 18.2.1 | line 1-2-3 | until 2027-01-31 18:00 UTC | 30d and others | always at home' +
      ' | 30d office for our people | trunk no. 3 | PBX1: main',
  )) {
    prepared(`allow add 192.0.2.1 ${words}`, 'allow add');
  }
  prepared(['allow', 'add', '192.0.2.1', 'always', '--comment', 'until 2027-01-31 at 18:00']);
  assert.match(refusedCommand(['allow', 'add', '192.0.2.1', '30d\n']), /^"30d\\n" is not a time/u);
});

test('tail wants something to look for, and one method', () => {
  prepared(['tail', '--method', 'invite', '--agent', 'sip vicious', '--number', 'alice']);
  prepared(['tail', '--method', 'X-1.~!']);
  for (const method of ['', ' ', 'INV ITE', 'invite,register', 'ＩＮＶＩＴＥ', ' INVITE'])
    assert.match(
      refusedCommand(['tail', '--method', method]),
      /is not one method, such as INVITE/u,
    );
  assert.equal(refusedCommand(['tail', '--agent=']), 'a word is missing: write --agent TEXT');
  assert.equal(
    refusedCommand(['tail', '--number', ' ']),
    'a word is missing: write --number NUMBER',
  );
});

test('block says what to write where others write add and remove', () => {
  assert.equal(refusedCommand('block add 45.1.2.3 30d'), 'write block 45.1.2.3, without add');
  assert.equal(refusedCommand('block remove 45.1.2.3'), 'write unblock 45.1.2.3');
});

test('top reads since when, and not until when', () => {
  for (const time of ['24h', 'for 24h', '2020-01-31', 'always'])
    prepared(['top', 'numbers', '--since', time]);
  for (const time of ['until 24h', 'to 2020-01-31', 'TILL 2020-01-31', '24h ago', ''])
    assert.match(refusedCommand(['top', 'numbers', '--since', time]), /is not a time such as/u);
});
