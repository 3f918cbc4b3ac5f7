// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Observation } from './bad-actor-event.ts';
import type { EventRepeat } from './event-batch.ts';
import { FOLD_ENTRIES_MAX, FOLD_KEY_PART_CHARACTERS_MAX } from './limits.ts';

interface Entry extends EventRepeat {
  readonly openedAtMs: number;
  /** Repeats that `takeRepeats()` has not reported yet. */
  count: number;
  lastEpochUs: number;
}

/**
 * Folds a flood: an event that repeats an earlier one (same source, transport, grade, method, number, User-Agent and
 * credentials) within the window is counted on that one instead of becoming a separate event. Bounded; when it is full
 * the oldest windows close early, which costs more rows but no count.
 */
export class EventFolder {
  readonly #windowMs: number;
  /**
   * Two generations: when the newer one is full, or as old as a window, it replaces the older one, whose windows close.
   * Without a flood, this keeps only events that take repeats or took them within the last window.
   */
  #newer = new Map<string, Entry>();
  #newerSinceMs = 0;
  #older = new Map<string, Entry>();
  /**
   * Repeated entries come first. The list keeps its length: a list that grows from empty each time survives many
   * garbage collections.
   */
  readonly #repeated: Entry[] = [];
  #repeatedCount = 0;

  /** @param options.windowMs How long an event takes repeats, in milliseconds. */
  constructor(options: { readonly windowMs: number }) {
    this.#windowMs = options.windowMs;
  }

  /** Events that are kept for repeats. */
  get entriesCount(): number {
    return this.#newer.size + this.#older.size;
  }

  /**
   * Counts a repeat and returns `true`. Returns `false` if there is nothing to fold it into; the caller then records
   * the event and calls `remember()`.
   */
  fold(key: string, epochUs: number, nowMs: number): boolean {
    const entry = this.#newer.get(key) ?? this.#older.get(key);
    if (entry === undefined || nowMs - entry.openedAtMs >= this.#windowMs) return false;
    if (entry.count === 0) this.#repeated[this.#repeatedCount++] = entry;
    entry.count += 1;
    entry.lastEpochUs = epochUs;
    return true;
  }

  /** Opens the window of an event that was recorded under `eventUuid`. */
  remember(key: string, eventUuid: string, observation: Observation, nowMs: number): void {
    const isFull = this.#newer.size * 2 >= FOLD_ENTRIES_MAX;
    if (isFull || nowMs - this.#newerSinceMs >= this.#windowMs) {
      this.#older = this.#newer;
      this.#newer = new Map();
      this.#newerSinceMs = nowMs;
    }
    this.#newer.set(key, {
      eventUuid,
      openedAtMs: nowMs,
      count: 0,
      lastEpochUs: observation.eventEpochUs,
    });
  }

  /**
   * Reports the repeats counted since the last call, each event once. @param take Gets each, valid during the call
   * only.
   */
  takeRepeats(take: (repeat: EventRepeat) => void): void {
    for (const entry of this.#repeated) {
      if (entry.count === 0) break; // The rest was reported before.
      take(entry);
      entry.count = 0;
    }
    this.#repeatedCount = 0;
  }
}

/**
 * What two messages must have in common to be one event with a count. The parts are separated by a line feed, which no
 * part can contain; of a long part, only its beginning and its length count.
 */
export function foldKey(observation: Observation): string {
  const { details } = observation;
  const credentials =
    details === undefined ? '' : (details.digest?.response ?? details.decodedFromTag ?? '');
  const size = observation.messageKind === 'request' ? 0 : observation.sipMessage.length;
  return (
    `${observation.sourceIp}\n${observation.transportType}${observation.grade}` +
    `${observation.messageKind}${size}\n${part(observation.sipMethod)}\n` +
    `${part(observation.calledNumber)}\n${part(observation.userAgent)}\n${part(credentials)}`
  );
}

function part(text: string | undefined): string {
  if (text === undefined) return '';
  return text.length <= FOLD_KEY_PART_CHARACTERS_MAX
    ? text
    : `${text.slice(0, FOLD_KEY_PART_CHARACTERS_MAX)}\r${text.length}`;
}
