// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPrefix, parsePrefix, prefix, type Prefix } from '@sentrypeer/ip';
import fc from 'fast-check';
import { AdjRibOut } from '../../src/rib/adj-rib-out.ts';
import { BitSet, countOnes, lowestOne } from '../../src/rib/bit-set.ts';
import { familyOfPrefix, PrefixTable } from '../../src/rib/prefix-table.ts';

/** The text of a slot's NLRI. */
function textOf(table: PrefixTable, slot: number): string {
  const octets = new Uint8Array(17);
  const end = table.writeNlri(slot, octets, 0);
  const address = [...octets.subarray(1, end), 0, 0, 0, 0].slice(0, 4).join('.');
  const parsed = parsePrefix(`${address}/${octets[0]}`);
  assert.ok(parsed !== undefined);
  return formatPrefix(parsed);
}

const prefixes = fc
  .tuple(fc.nat(3), fc.nat(40), fc.constantFrom(24, 31, 32))
  .map(([a, b, bits]): Prefix => {
    const parsed = parsePrefix(`10.0.${a}.${b}/${bits}`, { cut: true });
    assert.ok(parsed !== undefined);
    return parsed;
  });

const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('add' as const), prefix: prefixes }),
    fc.record({ kind: fc.constant('remove' as const), prefix: prefixes }),
    fc.record({ kind: fc.constant('send' as const), rib: fc.nat(1), room: fc.nat(20) }),
    fc.record({ kind: fc.constant('clear' as const), rib: fc.nat(1) }),
    fc.record({ kind: fc.constant('refresh' as const), rib: fc.nat(1) }),
  ),
  { maxLength: 120 },
);

test('AdjRibOut leads each neighbour to what the table says, whatever happens on the way', () => {
  fc.assert(
    fc.property(steps, fc.nat(0xffffffff), (all, key) => {
      const table = new PrefixTable(4, key, 1000);
      const ribs = [0, 1].map(() => new AdjRibOut(table, { max: 1000, used: 0 }));
      const theirs = [new Set<string>(), new Set<string>()];
      const wanted = new Set<string>();
      const send = (index: number, room: number): boolean => {
        const rib = ribs[index];
        const set = theirs[index];
        assert.ok(rib !== undefined && set !== undefined);
        const isWithdrawn = rib.withdraw((slot) => {
          if (room === 0) return false;
          room -= 1;
          assert.ok(set.delete(textOf(table, slot)));
          return true;
        });
        const isAnnounced = rib.announce((slot) => {
          if (room === 0) return false;
          room -= 1;
          set.add(textOf(table, slot));
          return true;
        });
        assert.equal(rib.count, set.size);
        return isWithdrawn && isAnnounced;
      };
      for (const step of all) {
        if (step.kind === 'add') {
          table.add(step.prefix);
          wanted.add(formatPrefix(step.prefix));
        } else if (step.kind === 'remove') {
          table.remove(step.prefix);
          wanted.delete(formatPrefix(step.prefix));
        } else if (step.kind === 'send') send(step.rib, step.room);
        else if (step.kind === 'refresh') ribs[step.rib]?.refresh();
        else {
          ribs[step.rib]?.clear();
          theirs[step.rib]?.clear();
        }
        assert.equal(table.count, wanted.size);
      }
      for (const index of [0, 1]) {
        assert.ok(send(index, Infinity));
        assert.deepEqual([...(theirs[index] ?? [])].toSorted(), [...wanted].toSorted());
        assert.deepEqual(ribs[index]?.pending(), { announcements: 0, withdrawals: 0 });
      }
      assert.equal(table.slotsInUse, wanted.size, 'no slot is kept that nobody needs');
    }),
    { numRuns: 200 },
  );
});

test('AdjRibOut sends everything again after a refresh, what is withdrawn meanwhile included', () => {
  const table = new PrefixTable(4, 1, 100);
  const rib = new AdjRibOut(table, { max: 100, used: 0 });
  for (const text of ['10.0.0.1', '10.0.0.2', '10.0.0.3']) table.add(prefix(text));
  const sent: string[] = [];
  const take = (slot: number): boolean => sent.push(textOf(table, slot)) > 0;
  rib.announce(take);
  rib.refresh();
  table.remove(prefix('10.0.0.2'));
  rib.withdraw(take);
  rib.announce(take);
  assert.deepEqual(sent.slice(3), ['10.0.0.2', '10.0.0.1', '10.0.0.3']);
  assert.equal(rib.count, 2);
});

test('AdjRibOut holds back what is above the limit, until there is room', () => {
  const allowance = { max: 2, used: 0 };
  const tables = [new PrefixTable(4, 1, 100), new PrefixTable(6, 1, 100)] as const;
  const ribs = tables.map((table) => new AdjRibOut(table, allowance));
  for (const text of ['10.0.0.1', '10.0.0.2', '10.0.0.3']) tables[0].add(prefix(text));
  tables[1].add(prefix('2001:db8::1'));
  const yes = (): boolean => true;
  assert.deepEqual(
    ribs.map((rib) => rib.announce(yes)),
    [true, true],
  );
  assert.deepEqual([ribs[0]?.count, ribs[1]?.count, allowance.used], [2, 0, 2]);
  tables[0].remove(prefix('10.0.0.1'));
  ribs[0]?.withdraw(yes);
  ribs[1]?.announce(yes);
  assert.deepEqual([ribs[0]?.count, ribs[1]?.count, allowance.used], [1, 1, 2]);
});

test('PrefixTable takes no more than it may, and is bounded by removed prefixes too', () => {
  const table = new PrefixTable(6, 7, 3);
  const rib = new AdjRibOut(table, { max: 100, used: 0 });
  const nth = (index: number): Prefix => prefix(`2001:db8::${index.toString(16)}`);
  const added = [0, 1, 2, 3].map((index) => table.add(nth(index)) !== undefined);
  assert.deepEqual(added, [true, true, true, false]);
  rib.announce(() => true);
  // The neighbour no longer reads anything, while prefixes come and go.
  for (let index = 0; index < 100; index += 1) {
    for (const one of [0, 1, 2]) table.remove(nth(10 * index + one));
    for (const one of [10, 11, 12]) table.add(nth(10 * index + one));
  }
  assert.ok(table.slotsInUse <= 6, String(table.slotsInUse));
});

test('PrefixTable grows, and finds all again', () => {
  const table = new PrefixTable(4, 99, 100_000);
  const nth = (index: number): Prefix =>
    prefix(`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`);
  for (let index = 0; index < 5000; index += 1) table.add(nth(index));
  for (let index = 0; index < 5000; index += 2) table.remove(nth(index));
  for (let index = 0; index < 5000; index += 1)
    assert.equal(table.slotOf(nth(index)) !== undefined, index % 2 === 1);
  assert.equal(table.count, 2500);
  assert.equal(familyOfPrefix(prefix('::/0')), 6);
  assert.equal(familyOfPrefix(prefix('0.0.0.0/0')), 4);
});

test('BitSet counts and finds bits of all words', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(4000), { maxLength: 200 }), (numbers) => {
      const set = new BitSet();
      for (const number of numbers) set.add(number);
      assert.equal(set.count(), numbers.length);
      const found: number[] = [];
      for (let index = 0; index < set.wordsCount; index += 1)
        for (let word = set.word(index); word !== 0; word &= word - 1)
          found.push(32 * index + lowestOne(word));
      assert.deepEqual(
        found,
        numbers.toSorted((a, b) => a - b),
      );
    }),
    { numRuns: 50 },
  );
  assert.deepEqual([countOnes(0xffffffff), countOnes(0), lowestOne(0x80000000)], [32, 0, 31]);
});
