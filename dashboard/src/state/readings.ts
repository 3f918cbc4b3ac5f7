// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { batch, signal, type Signal } from '@preact/signals';
import type { Readings } from '../api-types.ts';
import { ask, pathOf, UNREACHABLE } from '../ask/ask.ts';
import { READINGS_AT_ONCE, READINGS_COUNT_MAX, REFRESH_MS } from '../limits.ts';

export type Reading = Readings['items'][number];

/** What digits mean, once the node has said it; the oldest first. */
const known = new Map<string, Signal<Reading | undefined>>();
let waiting: string[] = [];
let isAsking = false;

/**
 * What dialled digits mean; `undefined` until the node has said it, and for anything that is not digits. A component
 * that asks is drawn again then.
 */
export function readingOf(dialled: string): Reading | undefined {
  if (!/^\+?[0-9*#]{5,40}$/.test(dialled)) return undefined;
  let reading = known.get(dialled);
  if (reading === undefined) {
    reading = signal<Reading | undefined>(undefined);
    known.set(dialled, reading);
    const [oldest] = known.keys();
    if (known.size > READINGS_COUNT_MAX && oldest !== undefined) known.delete(oldest);
    waiting.push(dialled);
    askLater(0); // All that are drawn now are asked for together.
  }
  return reading.value;
}

function askLater(ms: number): void {
  if (isAsking) return;
  isAsking = true;
  setTimeout(() => void askNow(), ms);
}

async function askNow(): Promise<void> {
  const numbers = waiting.slice(0, READINGS_AT_ONCE);
  waiting = waiting.slice(READINGS_AT_ONCE);
  const answer = await ask<Readings>(pathOf('/v1/readings', { numbers: numbers.join(',') }));
  isAsking = false;
  if (answer.ok) {
    batch(() => {
      for (const item of answer.value.items) {
        // What means no number is drawn as it is, so it need not be drawn again.
        const reading = item.grouped === null ? undefined : known.get(item.dialled);
        if (reading !== undefined) reading.value = item;
      }
    });
  } else if ([UNREACHABLE, 429, 503].includes(answer.status)) {
    waiting = [...numbers, ...waiting].slice(0, READINGS_COUNT_MAX);
  } else {
    for (const number of numbers) known.delete(number); // Whoever signs in asks again.
  }
  if (waiting.length > 0) askLater(answer.ok ? 0 : REFRESH_MS);
}
