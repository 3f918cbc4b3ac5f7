// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { TokenBucket, type Clock, type Logger } from '@sentrypeer/kernel';
import { OTHER_POOLS_NAMED_BURST, OTHER_POOLS_NAMED_PER_HOUR } from '../limits.ts';
import { RecentSet } from '../recent-set.ts';
import { OTHER_POOLS_KEPT_MIN } from './limits.ts';
import type { LinkPeer } from './link-parts.ts';

export const OTHER_POOL = 'this is another pool';
export const KEY_NOT_PROVED = 'the shared key of this closed pool is not proved';

const HOUR_S = 3600;

/**
 * Nodes of other pools. Each is named once in the log, because its operator may have copied a wrong key; strangers that
 * come with ever new keys cannot fill the log.
 */
export class OtherPools {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #named = new RecentSet(OTHER_POOLS_KEPT_MIN);
  readonly #rate: TokenBucket;

  constructor({ clock, logger }: { readonly clock: Clock; readonly logger: Logger }) {
    this.#clock = clock;
    this.#logger = logger;
    const perSecond = OTHER_POOLS_NAMED_PER_HOUR / HOUR_S;
    this.#rate = new TokenBucket({ burst: OTHER_POOLS_NAMED_BURST, perSecond }, clock.nowMs());
  }

  /** @returns Whether this is what is wrong with the hello of a node; then it is named unless it was before. */
  has({ key, nodeId, address, isOutward }: LinkPeer, why: string): boolean {
    if (why !== OTHER_POOL && why !== KEY_NOT_PROVED) return false;
    if (this.#named.has(key) || !this.#rate.take(1, this.#clock.nowMs())) return true;
    this.#named.add(key);
    this.#logger.warn('pool_key_differs', {
      node_id: nodeId,
      address,
      dialled_by: isOutward ? 'this node' : 'that node',
      why: 'its pool key is not the one of this node, or only one of the two has a key, so neither accepts the other',
      what_to_do:
        'if it should be in this pool, compare "Key" in sentrypeer pool status on both nodes, copy the key file anew, and run sentrypeer pool join FILE',
    });
    return true;
  }
}
