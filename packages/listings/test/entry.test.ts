// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPrefix, parsePrefix } from '@sentrypeer/ip';
import { entryOf, networkOf, prefixOf } from '../src/entry.ts';
import { Spared } from '../src/spared.ts';

test('entryOf() puts each length of prefix into a set of its own, and prefixOf() finds it again', () => {
  const sets = [
    ['45.1.2.3', 'ipv4_32', '45.1.2.3'],
    ['::ffff:45.1.2.3', 'ipv4_32', '45.1.2.3'],
    ['45.1.2.0/24', 'ipv4_24', '45.1.2.0'],
    ['45.1.0.0/16', 'ipv4_16', '45.1.0.0'],
    ['2a00:1::/32', 'ipv6_32', '2a00:1::'],
    ['2a00:1:2:3::/64', 'ipv6_64', '2a00:1:2:3::'],
    ['2a00:1:2::/48', 'ipv6_48', '2a00:1:2::'],
    ['2A00:1::0001', 'ipv6_128', '2a00:1::1'],
  ] as const;
  for (const [text, set, element] of sets) {
    const entry = entryOf(text);
    assert.deepEqual([entry?.set, entry?.element], [set, element], text);
    assert.ok(entry !== undefined);
    assert.deepEqual(prefixOf(entry), entry.prefix, text);
    assert.equal(networkOf(entry), formatPrefix(entry.prefix), text);
  }
});

test('entryOf() refuses what is not an address, and networks wider than any that is listed', () => {
  const refused = [
    '',
    'sip.example.org',
    '45.1.2.3 }',
    '45.1.2.3;',
    '0.0.0.0/0',
    '::/0',
    '45.0.0.0/8',
    '45.0.0.0/15',
    '2a00::/31',
  ];
  for (const text of [...refused, '2a00::/16', '45.1.2.3/24', '::ffff:0:0/96', '1.2.3']) {
    assert.equal(entryOf(text), undefined, text);
  }
});

function reasonOf(spared: Spared, text: string): string | undefined {
  const prefix = parsePrefix(text);
  assert.ok(prefix !== undefined, text);
  return spared.reason(prefix);
}

function sparing(...texts: readonly string[]): Spared {
  return new Spared(
    texts.flatMap((text) => {
      const prefix = parsePrefix(text);
      return prefix === undefined ? [] : [{ prefix, why: `named ${text}` }];
    }),
  );
}

test('Spared spares what is named, what lies in it, and every network around it', () => {
  const spared = sparing('45.1.2.3', '46.0.0.0/8', '2a00:1:2:3::5', '2a00:9::/32');
  assert.equal(reasonOf(spared, '45.1.2.3'), 'named 45.1.2.3');
  assert.equal(reasonOf(spared, '46.7.8.0/24'), 'named 46.0.0.0/8');
  assert.match(reasonOf(spared, '45.1.2.0/24') ?? '', /in it lies .* named 45\.1\.2\.3/);
  assert.match(reasonOf(spared, '2a00:1:2:3::/64') ?? '', /in it lies/);
  assert.match(reasonOf(spared, '2a00:1:2::/48') ?? '', /in it lies/);
  assert.equal(reasonOf(spared, '2a00:9:1::/48'), 'named 2a00:9::/32');
  for (const text of ['45.1.2.4', '45.1.3.0/24', '2a00:1:2:4::/64']) {
    assert.equal(reasonOf(spared, text), undefined, text);
  }
});

test('Spared spares loopback, private and special addresses without being told', () => {
  const spared = sparing();
  for (const text of ['127.0.0.1', '10.1.2.3', '192.168.1.0/24', 'fe80::1', '::1', '224.0.0.1']) {
    assert.match(reasonOf(spared, text) ?? '', /^it is /, text);
  }
});

test('Spared keeps the first reason, and 20,000 networks, the most important first', () => {
  const prefixes = Array.from({ length: 20_001 }, (_, index) => {
    const prefix = parsePrefix(`45.${index >> 16}.${(index >> 8) & 255}.${index & 255}`);
    assert.ok(prefix !== undefined);
    return { prefix, why: `the ${index}` };
  });
  const [first] = prefixes;
  assert.ok(first !== undefined);
  const spared = new Spared([...prefixes, { ...first, why: 'said again' }]);
  assert.equal(reasonOf(spared, '45.0.0.0'), 'the 0');
  assert.equal(reasonOf(spared, '45.0.78.31'), 'the 19999');
  assert.equal(reasonOf(spared, '45.0.78.32'), undefined);
  assert.deepEqual([spared.networks.length, spared.omittedCount], [20_000, 1]);
  assert.equal(new Spared(prefixes.slice(1)).omittedCount, 0);
});

test('Spared has the same signature where the same networks are spared, in whatever order', () => {
  const { signature } = sparing('45.1.2.3', '46.0.0.0/8');
  assert.equal(sparing('46.0.0.0/8', '45.1.2.3', '45.1.2.3').signature, signature);
  for (const others of [[], ['45.1.2.3'], ['45.1.2.4', '46.0.0.0/8']]) {
    assert.notEqual(sparing(...others).signature, signature);
  }
  const { signature: other } = sparing('1.1.1.1', '22.1.1.1');
  assert.notEqual(sparing('1.1.1.12', '2.1.1.1').signature, other);
});

test('Spared tells a network from its first address', () => {
  const spared = sparing('45.1.2.0');
  assert.equal(reasonOf(spared, '45.1.2.0'), 'named 45.1.2.0');
  assert.match(reasonOf(spared, '45.1.2.0/24') ?? '', /^in it lies/);
});
