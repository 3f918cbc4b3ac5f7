// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  contains,
  covers,
  coverWithout,
  findCover,
  formatPrefix,
  parseIp,
  prefix,
  unicastPart,
  widen,
  type Prefix,
} from '@sentrypeer/ip';

function cover(entries: readonly string[], holes: readonly string[]): readonly string[] {
  const found = coverWithout(
    entries.map((text) => ({ prefix: prefix(text), by: text })),
    holes.map((text) => prefix(text)),
  );
  return found.map((one) => formatPrefix(one.prefix));
}

test('coverWithout() leaves out what lies in a hole, and nothing else', () => {
  assert.deepEqual(cover(['45.0.0.0/24'], []), ['45.0.0.0/24']);
  assert.deepEqual(cover(['45.0.0.0/30'], ['45.0.0.1']), ['45.0.0.0', '45.0.0.2/31']);
  assert.deepEqual(cover(['45.0.0.0/24'], ['45.0.0.0/16']), []);
  assert.deepEqual(cover(['45.0.0.0/24'], ['46.0.0.0/16']), ['45.0.0.0/24']);
  assert.deepEqual(cover(['2a00:1::/62'], ['2a00:1:0:1::/64']), ['2a00:1::/64', '2a00:1:0:2::/63']);
});

test('coverWithout() names what lies in a wider network once', () => {
  assert.deepEqual(cover(['45.1.0.0/16', '45.0.0.0/8', '45.0.0.1'], []), ['45.0.0.0/8']);
  assert.deepEqual(cover(['0.0.0.0/0', '2000::/3'], []), ['0.0.0.0/0', '2000::/3']);
});

const network = fc
  .tuple(fc.uint8Array({ minLength: 1, maxLength: 1 }), fc.integer({ min: 120, max: 128 }))
  .map(([[last = 0], length]): Prefix => {
    const ip = parseIp(`45.0.0.${last}`);
    assert.ok(ip !== undefined);
    return widen(ip, length);
  });

test('coverWithout() and findCover() agree with looking at every address', () => {
  fc.assert(
    fc.property(fc.array(network), fc.array(network), (entries, holes) => {
      const found = coverWithout(
        entries.map((one) => ({ prefix: one, by: one })),
        holes,
      );
      for (const one of found) {
        assert.equal(found.filter((other) => covers(other.prefix, one.prefix)).length, 1);
      }
      for (let last = 0; last < 256; last += 1) {
        const ip = parseIp(`45.0.0.${last}`);
        assert.ok(ip !== undefined);
        const isCovered = (some: readonly Prefix[]): boolean =>
          some.some((one) => contains(one, ip));
        const at = findCover(found, ip);
        assert.equal(at !== undefined, isCovered(entries) && !isCovered(holes));
        if (at !== undefined) assert.ok(contains(at.by, ip));
      }
    }),
    { numRuns: 40 },
  );
});

test('unicastPart() keeps to the family of a network', () => {
  const part = (text: string): string | undefined => {
    const found = unicastPart(prefix(text));
    return found === undefined ? undefined : formatPrefix(found);
  };
  assert.equal(part('::/0'), '2000::/3');
  assert.equal(part('2a00::/16'), '2a00::/16');
  assert.equal(part('fc00::/7'), undefined);
  assert.equal(part('0.0.0.0/0'), '0.0.0.0/0');
});
