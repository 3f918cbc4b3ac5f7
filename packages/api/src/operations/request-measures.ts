// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { MetricFamily, Sample } from './metrics-text.ts';

/** Upper bounds of a histogram, in seconds: look-ups take less than one millisecond, lists some seconds. */
const BOUNDS = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];
const ROUTES = ['peer', 'v1', 'cloud', 'operations'] as const;

type Route = (typeof ROUTES)[number];

interface Measure {
  readonly statuses: Map<number, number>;
  /** By the first bound that is not below it; the last is above all bounds. */
  readonly buckets: number[];
  seconds: number;
  count: number;
}

/** How many requests were answered, with which status, and how fast; by kind of route. */
export class RequestMeasures {
  readonly #measures = new Map<Route, Measure>(
    ROUTES.map((route) => [
      route,
      {
        statuses: new Map(),
        buckets: Array.from({ length: BOUNDS.length + 1 }, () => 0),
        seconds: 0,
        count: 0,
      },
    ]),
  );

  add(target: string, status: number, ms: number): void {
    const measure = this.#measures.get(routeOf(target));
    if (measure === undefined) return;
    const seconds = ms / 1000;
    let index = 0;
    while (index < BOUNDS.length && seconds > (BOUNDS[index] ?? 0)) index += 1;
    measure.buckets[index] = (measure.buckets[index] ?? 0) + 1;
    measure.seconds += seconds;
    measure.count += 1;
    measure.statuses.set(status, (measure.statuses.get(status) ?? 0) + 1);
  }

  families(): readonly MetricFamily[] {
    const measured = [...this.#measures];
    return [
      {
        name: 'sentrypeer_http_requests_total',
        help: 'Requests that were answered, by kind of route and status.',
        type: 'counter',
        samples: measured.flatMap(([route, { statuses }]) =>
          [...statuses].map(([status, value]) => ({
            labels: { route, status: String(status) },
            value,
          })),
        ),
      },
      {
        name: 'sentrypeer_http_request_duration_seconds',
        help: 'Time from a request to the end of its answer, by kind of route.',
        type: 'histogram',
        samples: measured.flatMap(([route, measure]) => histogram(route, measure)),
      },
    ];
  }
}

function histogram(route: Route, measure: Measure): readonly Sample[] {
  let sum = 0;
  const buckets = measure.buckets.map((count, index) => {
    sum += count;
    const le = index < BOUNDS.length ? String(BOUNDS[index]) : '+Inf';
    return { suffix: '_bucket', labels: { route, le }, value: sum };
  });
  return [
    ...buckets,
    { suffix: '_sum', labels: { route }, value: measure.seconds },
    { suffix: '_count', labels: { route }, value: measure.count },
  ];
}

function routeOf(target: string): Route {
  if (target.startsWith('/v1/')) return 'v1';
  if (target.startsWith('/api/') || target.startsWith('/oauth/')) return 'cloud';
  const isOperations = ['/livez', '/readyz', '/metrics'].some((path) => target.startsWith(path));
  return isOperations ? 'operations' : 'peer';
}
