// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { canonicalAddress } from '@sentrypeer/ip';
import type { ListedSubject } from '@sentrypeer/store';
import type { Blocked } from '@sentrypeer/verdict';
import { CHANGED_SUBJECTS_COUNT } from '../limits.ts';
import type { Decided } from './decided.ts';
import type { OwnAddresses } from './own-addresses.ts';

/**
 * Subjects that must be judged again although nothing was said about themselves: addresses that this machine gained or
 * lost, and what remains of blocked networks when the list of exceptions changes.
 */
export class ChangedSubjects {
  readonly #decided: Decided;
  readonly #own: OwnAddresses;
  #ownBefore: readonly string[];
  #blocked: Blocked | undefined;
  /** What blocks put on lists, by name. At the start nothing is known, so everything is looked at. */
  #listed: ReadonlyMap<string, ListedSubject> = new Map();
  #waiting: ListedSubject[] = [];

  constructor(decided: Decided, own: OwnAddresses) {
    this.#decided = decided;
    this.#own = own;
    this.#ownBefore = own.get();
  }

  /** Some of them, each once. */
  take(): readonly ListedSubject[] {
    this.#lookAtOwn();
    this.#lookAtBlocks();
    return this.#waiting.splice(0, CHANGED_SUBJECTS_COUNT);
  }

  #lookAtOwn(): void {
    const [before, now] = [this.#ownBefore, this.#own.get()];
    this.#ownBefore = now;
    if (before === now) return;
    for (const text of new Set(before).symmetricDifference(new Set(now))) {
      const value = canonicalAddress(text.split('%')[0] ?? '');
      if (value !== undefined) this.#waiting.push({ kind: 'address', value });
    }
  }

  #lookAtBlocks(): void {
    const blocked = this.#decided.blocked();
    if (blocked === this.#blocked) return;
    this.#blocked = blocked;
    const before = this.#listed;
    const now = new Map(
      blocked.subjects().map((subject) => [`${subject.kind} ${subject.value}`, subject]),
    );
    this.#listed = now;
    for (const [name, subject] of [...before, ...now]) {
      if (!before.has(name) || !now.has(name)) this.#waiting.push(subject);
    }
    // What guards a number also guards the digits by which it is dialled at home.
    for (const { digits } of this.#decided.blockedDigits()) {
      this.#waiting.push({ kind: 'number', value: digits });
    }
  }
}
