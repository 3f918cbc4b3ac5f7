// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Clock } from '@sentrypeer/kernel';
import type { Chance } from './chance.ts';
import type { Counters } from './counters.ts';
import type { InfoHash } from '../info-hash.ts';
import type { Outbox } from './outbox.ts';
import type { Timers } from './timers.ts';
import type { Envelope } from '../wire/message.ts';

/** What every part of one engine shares. */
export interface Core {
  readonly id: InfoHash;
  /** What every datagram says about us. */
  readonly envelope: Envelope;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly timers: Timers;
  readonly counters: Counters;
  readonly outbox: Outbox;
}
