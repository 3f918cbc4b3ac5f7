// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Row } from '../connection.ts';
import { PROVED_AHEAD_EVENTS_MAX, PULL_EVENTS_MAX } from '../limits.ts';
import { isAfter, type DueLog } from './due-logs.ts';
import type { FleetPlace } from './fleet-source.ts';

/**
 * How far logs were searched for events that proved their sender, ahead of the place up to which everything was taken:
 * such events list somebody at once, so they must not wait behind a backlog. They come again with the rest of their log
 * and are then known by their UUID. Only in memory: after a start they are searched again.
 */
export class ProvedFirst {
  /** By node. */
  readonly #searched = new Map<string, FleetPlace>();

  /** The parts of these logs that are not read now, and were not searched yet; of a huge backlog only the newest. */
  ahead(logs: readonly DueLog[]): readonly DueLog[] {
    return logs.flatMap((log) => {
      const { node, mark, after } = log;
      const isShort = mark.epoch === after.epoch && mark.honeyId - after.honeyId <= PULL_EVENTS_MAX;
      if (isShort) return [];
      const newest = {
        epoch: mark.epoch,
        honeyId: Math.max(0, mark.honeyId - PROVED_AHEAD_EVENTS_MAX),
      };
      const from = [newest, this.#searched.get(node) ?? newest].reduce(later, after);
      if (isAfter(from, mark)) this.#searched.delete(node); // The fleet was restored.
      return isAfter(mark, from) ? [{ ...log, after: from }] : [];
    });
  }

  /** These were searched. @param rows What was found, at most {@link PULL_EVENTS_MAX} of each log, in order. */
  searched(logs: readonly DueLog[], rows: readonly Row[]): void {
    for (const { node, mark } of logs) {
      const found = rows.filter((row) => row['log'] === node);
      const last = Number(found.at(-1)?.['honey_id']);
      const isAll = found.length < PULL_EVENTS_MAX;
      this.#searched.set(node, isAll ? mark : { epoch: mark.epoch, honeyId: last });
    }
  }
}

function later(one: FleetPlace, other: FleetPlace): FleetPlace {
  return isAfter(other, one) ? other : one;
}
