// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { once } from './once.ts';

const clockForm = once(
  () =>
    new Intl.DateTimeFormat(undefined, {
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hour12: false,
    }),
);
const dayForm = once(() => new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' }));
const yearForm = once(() => new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' }));

/** In the viewer's zone: only the time for today, with the day before that, with the year for another year. */
export function localTime(iso: string, now: Date): string {
  const time = new Date(iso);
  const clock = clockForm().format(time);
  if (time.toDateString() === now.toDateString()) return clock;
  const day = (time.getFullYear() === now.getFullYear() ? dayForm() : yearForm()).format(time);
  return `${day} ${clock}`;
}

/** Whether it is the end of what never ends: the latest time that the node knows (`LATEST_EPOCH_US`). */
export function isNever(iso: string): boolean {
  return iso >= '2200';
}

/** To the second, in UTC. */
export function utcTime(iso: string): string {
  return `${new Date(iso).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** How long ago, or in how long, in the most suitable unit. */
export function span(fromMs: number, toMs: number): string {
  const seconds = Math.round(Math.abs(toMs - fromMs) / 1000);
  const [length, unit] =
    seconds < 90
      ? [seconds, 's']
      : seconds < 5_400
        ? [Math.round(seconds / 60), 'min']
        : seconds < 172_800
          ? [Math.round(seconds / 3600), 'h']
          : [Math.round(seconds / 86_400), 'days'];
  return `${length} ${unit}`;
}
