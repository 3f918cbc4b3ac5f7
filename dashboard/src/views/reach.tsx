// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { computed } from '@preact/signals';
import { ROWS_COUNT_MAX } from '../limits.ts';
import { events, isRead } from '../state/live.ts';
import { isInside } from '../text/prefix.ts';
import { WaysIn } from './first-steps.tsx';

/** There are few events so far, and none shows that the internet reaches the node. */
const isUnreached = computed(() => {
  const known = events.value;
  if (!isRead.value || known.length === 0 || known.length >= ROWS_COUNT_MAX) return false;
  return known.every((event) => event.shared !== null || isInside(event.source_ip));
});

/** What to do while nothing has come from outside. */
export function Reach() {
  if (!isUnreached.value) return null;
  return (
    <details class="reach">
      <summary>
        <strong>Nothing came from outside yet.</strong> All messages so far are from this machine or
        from private networks.
      </summary>
      <ol>
        <WaysIn />
        <li>
          <strong>Is it in a container?</strong> Then every source may look like a private address:
          give it the network of its host.
        </li>
      </ol>
    </details>
  );
}
