// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { PULL_EVENTS_MAX, PULL_SMALL_EVENTS_MAX } from '../limits.ts';
import type { FleetLog, FleetPlace } from './fleet-source.ts';

/** A log of which there is more after a place that was taken. */
export interface DueLog extends FleetLog {
  readonly after: FleetPlace;
}

/** Logs that are read in one go, each with a little; or one by itself. */
export function groupsOf(logs: readonly DueLog[]): readonly (readonly DueLog[])[] {
  const groups: DueLog[][] = [];
  let small: DueLog[] = [];
  let smallEvents = 0;
  for (const log of logs) {
    const { mark, after } = log;
    const events = mark.honeyId - after.honeyId;
    if (mark.epoch !== after.epoch || events > PULL_SMALL_EVENTS_MAX) {
      groups.push([log]);
      continue;
    }
    if (smallEvents + events > PULL_EVENTS_MAX) {
      groups.push(small);
      [small, smallEvents] = [[], 0];
    }
    small.push(log);
    smallEvents += events;
  }
  if (small.length > 0) groups.unshift(small); // What is up to date does not wait for what is not.
  return groups;
}

export function isAfter(one: FleetPlace, other: FleetPlace): boolean {
  return one.epoch > other.epoch || (one.epoch === other.epoch && one.honeyId > other.honeyId);
}

/** Events that are left of a log, by its marks; at least 1. */
export function behindOf({ mark, after }: DueLog): number {
  return mark.epoch === after.epoch ? mark.honeyId - after.honeyId : 1;
}

/** In the order of their names, but from this one on. */
export function inTurn(logs: readonly DueLog[], first: string): readonly DueLog[] {
  const isLater = ({ node }: DueLog): boolean => node >= first;
  return [...logs.filter(isLater), ...logs.filter((log) => !isLater(log))];
}
