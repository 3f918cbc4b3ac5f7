// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { RecordedEvent } from '@sentrypeer/event';
import { CONTACTS_MAX } from './limits.ts';

const HOUR_US = 3_600_000_000;

/** Decides which contacts get a separate value: one per source, number, method and hour. */
export class Contacts {
  /** By hour; the newest two. */
  readonly #hours = new Map<number, Set<string>>();

  /**
   * @param event In the form that others may know.
   * @returns Whether it is the first of its kind in its hour. When too many are remembered, none counts as new.
   */
  isNew(event: RecordedEvent, epochUs: number): boolean {
    const contacts = this.#ofHour(Math.floor(epochUs / HOUR_US));
    const name = `${event.sourceIp}\n${event.sipMethod}\n${event.calledNumber}`;
    if (contacts.has(name) || contacts.size >= CONTACTS_MAX) return false;
    contacts.add(name);
    return true;
  }

  #ofHour(hour: number): Set<string> {
    const known = this.#hours.get(hour);
    if (known !== undefined) return known;
    const made = new Set<string>();
    this.#hours.set(hour, made);
    if (this.#hours.size > 2) this.#hours.delete(Math.min(...this.#hours.keys()));
    return made;
  }
}
