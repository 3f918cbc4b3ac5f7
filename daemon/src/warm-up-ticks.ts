// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { WARM_UP_TICKS } from './limits.ts';

/**
 * Lets V8 get to know `process.nextTick`, of which Node's HTTP server needs some for each request. Where it is compiled
 * amid a start, it often stays on a slow way to make its object for as long as the program runs: 0.40 instead of
 * 0.08 microseconds a tick, 1.4 a request (Node 26.10, bench/api.ts). Takes a millisecond.
 */
export function warmUpTicks(): Promise<void> {
  return new Promise((resolve) => {
    const nothing = (): void => undefined;
    for (let count = 1; count < WARM_UP_TICKS; count += 1) process.nextTick(nothing);
    process.nextTick(resolve);
  });
}
