// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What nodes may send, and have accepted, up to the last page and octet. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AUTHOR_PAGES_BURST,
  AUTHOR_PAGES_PER_HOUR,
  AVOIDED_MAX,
  AVOIDED_MS,
  EXCHANGE_STEP_MS,
  FLOODED_OCTETS,
  FLOODED_PAGES,
  IDLE_OCTETS_ALL_BURST,
  IDLE_OCTETS_BURST,
  IDLE_OCTETS_KEPT,
  IDLE_OCTETS_PER_S,
  KNOWN_OCTETS_KEPT,
  KNOWN_PAGES_KEPT,
  LINK_PAGES_AT_ONCE,
  PAGE_OCTETS_MAX,
  SERVED_OCTETS_BURST,
  SERVED_OCTETS_PER_S,
  STRANGERS_OCTETS_BURST,
  STRANGERS_OCTETS_PER_S,
  STRANGERS_PAGES_BURST,
} from '../../src/limits.ts';
import { Admission, hintOf } from '../../src/link/admission.ts';
import { Avoided } from '../../src/link/avoided.ts';
import { budgetKey, LinkBudgets } from '../../src/link/budgets.ts';
import {
  PROOF_OCTETS_KEPT,
  PUSHED_MS,
  PUSHED_OCTETS_BURST,
  PUSHED_OCTETS_PER_S,
} from '../../src/link/limits.ts';
import { PushBudget } from '../../src/link/push-budget.ts';

const HOUR_MS = 3_600_000;
const SMALL = 126;
const OWN = 'ff'.repeat(32);

function keyOf(index: number): string {
  return index.toString(16).padStart(8, '0').padEnd(64, '0');
}

/** @param known Authors whose claims were checked. */
function admissionOf(voters: readonly string[] = [], known: readonly string[] = []) {
  const heard = { voters: new Set(voters), known: new Set(known), reads: 0 };
  const ports = {
    voters: () => {
      heard.reads += 1;
      return heard.voters;
    },
    known: () => heard.known,
    ownKey: OWN,
  };
  return { admission: new Admission(ports, 0), heard };
}

/** Takes pages, each of another stranger, until one is too much. @returns How many were taken. */
function takeAll(admission: Admission, octets: number, nowMs = 0): number {
  for (let count = 0; count < 2 * STRANGERS_PAGES_BURST; count += 1) {
    if (admission.isTooMuch(keyOf(count + 1_000_000), octets, nowMs)) return count;
  }
  return assert.fail('nothing is too much');
}

test('strangers leave the pages that are reserved for known authors, and a voter is never too much', () => {
  const [voter, known] = [keyOf(1), Array.from({ length: 20 }, (_, index) => keyOf(index + 2))];
  const { admission } = admissionOf([voter], known);
  assert.equal(takeAll(admission, SMALL), STRANGERS_PAGES_BURST - KNOWN_PAGES_KEPT);
  let ofKnown = 0;
  for (const key of known) {
    for (let count = 0; count < AUTHOR_PAGES_BURST; count += 1) {
      if (!admission.isTooMuch(key, SMALL, 0)) ofKnown += 1;
    }
  }
  assert.equal(ofKnown, KNOWN_PAGES_KEPT);
  for (let count = 0; count < 2 * AUTHOR_PAGES_BURST; count += 1) {
    assert.equal(admission.isTooMuch(voter, PAGE_OCTETS_MAX, 0), false);
  }
});

test('strangers leave the octets that are reserved for known authors, too', () => {
  const known = Array.from({ length: 20 }, (_, index) => keyOf(index + 2));
  const { admission } = admissionOf([], known);
  const count = (STRANGERS_OCTETS_BURST - KNOWN_OCTETS_KEPT) / PAGE_OCTETS_MAX;
  assert.equal(takeAll(admission, PAGE_OCTETS_MAX), count);
  let ofKnown = 0;
  for (const key of known) {
    for (let page = 0; page < AUTHOR_PAGES_BURST; page += 1) {
      if (!admission.isTooMuch(key, PAGE_OCTETS_MAX, 0)) ofKnown += 1;
    }
  }
  assert.equal(ofKnown, KNOWN_OCTETS_KEPT / PAGE_OCTETS_MAX);
});

test('an author may say 64 pages at once and 6 an hour, and what is refused uses up nothing of others', () => {
  const { admission } = admissionOf();
  const taken = (nowMs: number): number => {
    let count = 0;
    for (let tried = 0; tried < STRANGERS_PAGES_BURST; tried += 1) {
      if (!admission.isTooMuch(keyOf(1), SMALL, nowMs)) count += 1;
    }
    return count;
  };
  assert.equal(taken(0), AUTHOR_PAGES_BURST);
  assert.equal(taken(HOUR_MS), AUTHOR_PAGES_PER_HOUR);
  const rest = STRANGERS_PAGES_BURST - KNOWN_PAGES_KEPT - AUTHOR_PAGES_PER_HOUR;
  assert.equal(takeAll(admission, SMALL, HOUR_MS), rest);
});

test('a node is flooded as soon as less than 128 pages or 64 KiB of strangers have room', () => {
  const { admission } = admissionOf();
  const pagesMax = STRANGERS_PAGES_BURST - KNOWN_PAGES_KEPT - FLOODED_PAGES;
  for (let count = 0; count < pagesMax; count += 1) {
    assert.equal(admission.isTooMuch(keyOf(count), SMALL, 0), false);
  }
  assert.equal(admission.isFlooded(0), false);
  assert.equal(admission.isTooMuch(keyOf(pagesMax), SMALL, 0), false);
  assert.equal(admission.isFlooded(0), true);
  assert.equal(admission.isFlooded(1000), false, 'time makes up for it');
  const other = admissionOf().admission;
  const octetsMax = STRANGERS_OCTETS_BURST - KNOWN_OCTETS_KEPT - FLOODED_OCTETS;
  for (let count = 0; count < octetsMax / PAGE_OCTETS_MAX; count += 1) {
    assert.equal(other.isTooMuch(keyOf(count), PAGE_OCTETS_MAX, 0), false);
  }
  assert.equal(other.isFlooded(0), false);
  assert.equal(other.isTooMuch(keyOf(1_000_000), SMALL, 0), false);
  assert.equal(other.isFlooded(0), true);
});

test('an announced page of a stranger is expected only if it has room after all that are expected already', () => {
  const { admission } = admissionOf();
  const room = STRANGERS_PAGES_BURST - KNOWN_PAGES_KEPT;
  assert.equal(admission.hasRoomAfter(room - 1, 0), true);
  assert.equal(admission.hasRoomAfter(room, 0), false);
  // Octets count as pages of such a size that both limits are reached at once.
  const other = admissionOf().admission;
  const octets = STRANGERS_OCTETS_BURST - KNOWN_OCTETS_KEPT;
  const leftPages = 1000;
  const usual = STRANGERS_OCTETS_PER_S / 1.25;
  const largeCount = Math.ceil((octets - leftPages * usual) / PAGE_OCTETS_MAX);
  for (let count = 0; count < largeCount; count += 1) {
    assert.equal(other.isTooMuch(keyOf(count), PAGE_OCTETS_MAX, 0), false);
  }
  const left = Math.floor((octets - largeCount * PAGE_OCTETS_MAX) / usual);
  assert.equal(other.hasRoomAfter(left - 1, 0), true);
  assert.equal(other.hasRoomAfter(left, 0), false);
});

test('a node hears itself, voters and known authors, by their keys and by the beginning of their keys', () => {
  const [voter, known, stranger] = [keyOf(1), keyOf(2), keyOf(3)];
  const { admission, heard } = admissionOf([voter], [known]);
  assert.deepEqual(
    [OWN, voter, known, stranger].map((key) => admission.isHeard(key, 0)),
    [true, true, true, false],
  );
  assert.deepEqual(
    [voter, known, stranger].map((key) => admission.isHintHeard(hintOf(key), 0)),
    [true, true, false],
  );
  assert.equal(hintOf(`12345678${'9'.repeat(56)}`), '12345678');
  const readsBefore = heard.reads;
  heard.known = new Set([stranger]);
  heard.voters = new Set();
  assert.equal(admission.isHeard(stranger, EXCHANGE_STEP_MS - 1), false, 'not asked yet');
  assert.equal(heard.reads, readsBefore);
  assert.equal(admission.isHintHeard(hintOf(stranger), EXCHANGE_STEP_MS), true);
  assert.equal(admission.isHintHeard(hintOf(voter), EXCHANGE_STEP_MS), false);
  assert.equal(admission.isHeard(known, EXCHANGE_STEP_MS), false);
});

test('a network has its own share of useless octets, then that of all, and owes what it sent beyond both', () => {
  const budgets = new LinkBudgets(0);
  assert.equal(budgets.has('a', IDLE_OCTETS_BURST, 0), true);
  assert.equal(budgets.spend('a', IDLE_OCTETS_BURST, 0), true);
  assert.equal(budgets.has('a', IDLE_OCTETS_ALL_BURST, 0), true, 'of the share of all');
  assert.equal(budgets.has('a', IDLE_OCTETS_ALL_BURST + 1, 0), false);
  assert.equal(budgets.spend('a', IDLE_OCTETS_ALL_BURST, 0), true);
  assert.equal(budgets.has('a', 0, 0), true, 'it owes nothing');
  assert.equal(budgets.has('a', 1, 0), false);
  assert.equal(budgets.spend('a', 62 * IDLE_OCTETS_PER_S, 0), false);
  assert.equal(budgets.has('a', 0, 0), false, 'it owes those octets');
  const more = 2 * IDLE_OCTETS_PER_S;
  assert.equal(budgets.spend('a', more, 1000), false, 'although that of all has as many again');
  // Another network still has its own share, and nothing of that of all.
  assert.equal(budgets.has('b', IDLE_OCTETS_BURST, 0), true);
  assert.equal(budgets.has('b', IDLE_OCTETS_BURST + 1, 0), false);
  // Who owes gets nothing of the share of all, although it is being filled.
  assert.equal(budgets.has('a', 0, 63_000), false);
  assert.equal(budgets.spend('a', 0, 64_000), true);
  assert.equal(budgets.has('a', 100, 64_000), true, 'the share of all was filled meanwhile');
});

test('octets that were useful after all are given back, to their network', () => {
  const budgets = new LinkBudgets(0);
  budgets.spend('greedy', IDLE_OCTETS_BURST, 0);
  budgets.spend('greedy', IDLE_OCTETS_ALL_BURST, 0);
  assert.equal(budgets.spend('a', IDLE_OCTETS_BURST, 0), true);
  assert.equal(budgets.has('a', 1, 0), false);
  budgets.giveBack('a', 1000);
  assert.equal(budgets.has('a', 1000, 0), true);
  assert.equal(budgets.has('a', 1001, 0), false);
  assert.equal(budgets.has('greedy', 1, 0), false);
});

test('an address is asked for as many pages as its network may still send in vain, less what it says unasked', () => {
  const budgets = new LinkBudgets(0);
  assert.equal(budgets.pagesToAsk('a', 0), LINK_PAGES_AT_ONCE);
  budgets.spend('greedy', IDLE_OCTETS_BURST, 0);
  budgets.spend('greedy', IDLE_OCTETS_ALL_BURST, 0);
  const count = (IDLE_OCTETS_BURST - IDLE_OCTETS_KEPT) / PAGE_OCTETS_MAX;
  assert.equal(budgets.pagesToAsk('a', 0), count);
  budgets.spend('a', 1, 0);
  assert.equal(budgets.pagesToAsk('a', 0), count - 1);
  assert.equal(budgets.pagesToAsk('greedy', 0), 0);
});

test('an address gets 64 MiB that it asks for, and half a KiB a second', () => {
  const budgets = new LinkBudgets(0);
  assert.equal(budgets.serve('a', SERVED_OCTETS_BURST, 0), true);
  assert.equal(budgets.serve('a', 1, 0), false);
  assert.equal(budgets.serve('b', SERVED_OCTETS_BURST, 0), true);
  assert.equal(budgets.serve('a', SERVED_OCTETS_PER_S, 1000), true);
  assert.equal(budgets.serve('a', 1, 1000), false);
});

test('a network has one budget, whichever of its addresses comes; hosts of a site have one each', () => {
  assert.equal(budgetKey('45.7.0.1'), budgetKey('45.7.255.9'));
  assert.notEqual(budgetKey('45.7.0.1'), budgetKey('45.8.0.1'));
  assert.equal(budgetKey('2a01:4f8:1::1'), budgetKey('2a01:4f8:ffff::1'));
  assert.notEqual(budgetKey('192.168.1.1'), budgetKey('192.168.1.2'));
});

test('no more is pushed to a link than it tolerates in vain, of which proofs have a part of their own', () => {
  let nowMs = 0;
  const pushes = new PushBudget({ nowMs: () => nowMs, epochUs: () => 0 });
  const usual = PUSHED_OCTETS_BURST - PROOF_OCTETS_KEPT;
  assert.equal(pushes.take(usual + 1), false);
  assert.equal(pushes.take(usual), true);
  assert.equal(pushes.take(1), false);
  assert.equal(pushes.takeForProof(PROOF_OCTETS_KEPT + 1), false);
  assert.equal(pushes.takeForProof(PROOF_OCTETS_KEPT), true);
  nowMs = PUSHED_MS;
  assert.equal(pushes.takeForProof(1), false, 'the other end may not have answered yet');
  nowMs = 2 * PUSHED_MS;
  assert.equal(pushes.take(usual), true, 'they were useful');
  nowMs = 3 * PUSHED_MS - 1;
  assert.equal(pushes.take(1), false);
  nowMs = 4 * PUSHED_MS;
  assert.equal(pushes.take(usual), true, 'all of it is long ago');
});

test('what was pushed in vain comes back at 16 octets a second, and counts once', () => {
  let nowMs = 0;
  const pushes = new PushBudget({ nowMs: () => nowMs, epochUs: () => 0 });
  const usual = PUSHED_OCTETS_BURST - PROOF_OCTETS_KEPT;
  assert.equal(pushes.take(usual - 1000), true);
  nowMs = PUSHED_MS;
  assert.equal(pushes.take(1000), true);
  pushes.wereInVain();
  pushes.wereInVain();
  assert.equal(pushes.takeForProof(PROOF_OCTETS_KEPT), true);
  pushes.wereInVain();
  assert.equal(pushes.takeForProof(1), false);
  nowMs += 3 * PUSHED_MS;
  const refilled = (3 * PUSHED_MS * PUSHED_OCTETS_PER_S) / 1000;
  assert.equal(pushes.takeForProof(refilled + 1), false);
  assert.equal(pushes.takeForProof(refilled), true);
});

test('a key is avoided for an hour, and the oldest of too many is forgotten', () => {
  const avoided = new Avoided();
  assert.equal(avoided.has('a', 0), false);
  avoided.add('a', 0);
  assert.equal(avoided.has('a', AVOIDED_MS - 1), true);
  assert.equal(avoided.has('a', AVOIDED_MS), false);
  for (let index = 0; index < AVOIDED_MAX; index += 1) avoided.add(`key ${index}`, 0);
  assert.equal(avoided.has('key 0', 1), true);
  avoided.add('one more', 0);
  assert.equal(avoided.has('key 0', 1), false);
  assert.equal(avoided.has('key 1', 1), true);
  assert.equal(avoided.has('one more', 1), true);
});
