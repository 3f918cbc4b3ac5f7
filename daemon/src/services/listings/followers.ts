// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FollowerState } from '@sentrypeer/api';
import type { Clock } from '@sentrypeer/kernel';
import { escapeText } from '../../output/escape-text.ts';
import { isSilent, readRunNote, troublesOf, type RunNote } from './run-note.ts';
import {
  FOLLOWER_COUNTS_COUNT_MAX,
  FOLLOWER_READ_MS,
  FOLLOWER_SESSIONS_COUNT_MAX,
  FOLLOWER_TEXT_CHARACTERS_MAX,
  FOLLOWER_TROUBLES_COUNT_MAX,
} from './limits.ts';

/** The kinds of followers that run on this machine, each with the directory in which it reports its state. */
export interface FollowerPlaces {
  readonly firewallRunDir: string;
  readonly bgpRunDir: string;
}

/**
 * The followers on this machine, as they report themselves. They write into their own directories, so that the part of
 * the daemon that attackers can reach takes no part in it.
 */
export class Followers {
  readonly #clock: Clock;
  readonly #places: readonly (readonly [name: string, path: string])[];
  #states: readonly FollowerState[] = [];
  #readAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, { firewallRunDir, bgpRunDir }: FollowerPlaces) {
    this.#clock = clock;
    this.#places = [
      ['firewall', firewallRunDir],
      ['bgp', bgpRunDir],
    ];
  }

  /** Followers that are running here, or were when they were killed. */
  states(): readonly FollowerState[] {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#readAtMs < FOLLOWER_READ_MS) return this.#states;
    this.#readAtMs = nowMs;
    const nowEpochMs = this.#clock.epochUs() / 1000;
    this.#states = this.#places.flatMap(([name, path]) => {
      const note = readRunNote(path);
      return note === undefined ? [] : [stateOf(name, note, nowEpochMs)];
    });
    return this.#states;
  }
}

function stateOf(name: string, note: RunNote, nowEpochMs: number): FollowerState {
  const serial = note.serial === '' ? undefined : Number(note.serial);
  return {
    name,
    processId: note.processId,
    state: shortened(note.state),
    isInForce: note.isInForce && !isSilent(note, nowEpochMs),
    sinceEpochUs: note.startedEpochMs * 1000,
    heardEpochUs: note.writtenEpochMs * 1000,
    node: shortened(note.node),
    serial: Number.isSafeInteger(serial) ? serial : undefined,
    entries: { ipv4: note.entries.ipv4, ipv6: note.entries.ipv6 },
    counts: Object.fromEntries(
      Object.entries(note.counts)
        .filter(([key]) => isName(key))
        .slice(0, FOLLOWER_COUNTS_COUNT_MAX),
    ),
    sessions: (note.sessions ?? []).slice(0, FOLLOWER_SESSIONS_COUNT_MAX).map((one) => ({
      name: shortened(one.name),
      address: shortened(one.address),
      state: shortened(one.state),
      isUp: one.isUp && !isSilent(note, nowEpochMs),
      sinceEpochUs: one.sinceEpochMs * 1000,
      prefixesOut: one.prefixesOut,
      lastError: one.lastError === null ? undefined : shortened(one.lastError),
    })),
    troubles: troublesOf(note, nowEpochMs).slice(0, FOLLOWER_TROUBLES_COUNT_MAX).map(shortened),
  };
}

function shortened(text: string): string {
  return escapeText(text, FOLLOWER_TEXT_CHARACTERS_MAX);
}

/** It becomes a label. */
function isName(text: string): boolean {
  return text.length <= 40 && /^[a-z_]+$/.test(text);
}
