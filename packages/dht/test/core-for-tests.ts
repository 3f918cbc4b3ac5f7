// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What the parts of an engine share, with a clock that a test sets. */

import type { Endpoint } from '@sentrypeer/ip';
import { Admission } from '../src/engine/admission.ts';
import { Chance } from '../src/engine/chance.ts';
import type { Core } from '../src/engine/core.ts';
import { newCounters } from '../src/engine/counters.ts';
import { infoHash } from '../src/info-hash.ts';
import { Outbox } from '../src/engine/outbox.ts';
import { Timers } from '../src/engine/timers.ts';

export interface TestCore {
  readonly core: Core;
  readonly sent: Uint8Array[];
  /** Where each of them went. */
  readonly sentTo: Endpoint[];
  readonly admission: Admission;
  /** Lets time pass. */
  readonly pass: (ms: number) => void;
}

export function testCore(): TestCore {
  let nowMs = 0;
  let state = 1;
  const clock = { nowMs: () => nowMs, epochUs: () => 1_700_000_000_000_000 + nowMs * 1000 };
  const random = {
    fill: (octets: Uint8Array) =>
      octets.map((_, index) => (octets[index] = state = (state * 75 + 74) % 65_537)),
  };
  const timers = new Timers();
  const counters = newCounters();
  const sent: Uint8Array[] = [];
  const sentTo: Endpoint[] = [];
  const admission = new Admission();
  const outbox = new Outbox(clock, timers, counters, admission, (octets, to) => {
    sent.push(octets);
    sentTo.push(to);
  });
  const envelope = { network: 0, client: false, agent: undefined };
  const chance = new Chance(random);
  return {
    core: { id: infoHash('own'), envelope, clock, chance, timers, counters, outbox },
    sent,
    sentTo,
    admission,
    pass: (ms) => {
      const endMs = nowMs + ms;
      for (
        let atMs = timers.nextAtMs;
        atMs !== undefined && atMs <= endMs;
        atMs = timers.nextAtMs
      ) {
        nowMs = Math.max(nowMs, atMs);
        timers.runDue(nowMs);
      }
      nowMs = endMs;
    },
  };
}
