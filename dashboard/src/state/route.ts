// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { signal } from '@preact/signals';
import { formatRoute, parseRoute, type Route } from './route-text.ts';

/** The route in the address bar. */
export const route = signal<Route>(parseRoute(location.hash));

addEventListener('hashchange', () => {
  const next = parseRoute(location.hash);
  // Another view begins at its top.
  if (next.view !== route.value.view || next.subject !== route.value.subject) scrollTo(0, 0);
  route.value = next;
});

export function goTo(next: Route): void {
  location.hash = formatRoute(next);
}
