// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Analytics } from '../api-types.ts';
import { gradeWord } from './pieces.tsx';
import { NAMES_DRAWN_MAX } from '../limits.ts';
import { amount, counted } from '../text/number.ts';
import { localTime } from '../text/time.ts';

export const DIMENSIONS = ['grade', 'method', 'transport'] as const;
export type Dimension = (typeof DIMENSIONS)[number];

const MEMBERS: Readonly<Record<Dimension, 'grades' | 'methods' | 'transports'>> = {
  grade: 'grades',
  method: 'methods',
  transport: 'transports',
};

/** Grades from weak to strong; other names by their number of messages. */
const GRADES = ['seen', 'returned', 'handshake'];
const REST = 'others';

type Interval = Analytics['intervals'][number];

/** The parts that are drawn, largest at the bottom. */
function namesOf(intervals: readonly Interval[], dimension: Dimension): readonly string[] {
  const sums = new Map<string, number>();
  for (const interval of intervals) {
    for (const [name, count] of Object.entries(interval[MEMBERS[dimension]])) {
      sums.set(name, (sums.get(name) ?? 0) + count);
    }
  }
  if (dimension === 'grade') return GRADES.filter((grade) => sums.has(grade));
  const sorted = [...sums].toSorted((a, b) => b[1] - a[1]).map(([name]) => name);
  if (sorted.length <= NAMES_DRAWN_MAX) return sorted;
  return [...sorted.slice(0, NAMES_DRAWN_MAX - 1), REST];
}

/** Number of messages of one part in an interval. */
function countOf(interval: Interval, dimension: Dimension, name: string, names: readonly string[]) {
  const counts = interval[MEMBERS[dimension]];
  if (name !== REST) return counts[name] ?? 0;
  return Object.entries(counts).reduce(
    (sum, [other, count]) => (names.includes(other) ? sum : sum + count),
    0,
  );
}

function wordOf(dimension: Dimension, name: string): string {
  return dimension === 'grade' ? gradeWord(name) : name;
}

/** A round number that is at least a count. */
function ceiling(count: number): number {
  if (count < 1) return 1;
  const power = 10 ** Math.floor(Math.log10(count));
  for (const factor of [1, 1.5, 2, 3, 4, 5, 6, 8, 10])
    if (count <= factor * power) return factor * power;
  return count;
}

const WIDTH = 720;
const HEIGHT = 160;

/** What is drawn. */
interface Drawing {
  readonly intervals: readonly Interval[];
  readonly dimension: Dimension;
  readonly names: readonly string[];
}

/** Messages over time as stacked bars, one for each interval, and the same as a table. */
export function RateGraph({
  analytics,
  dimension,
  isBrief = false,
}: {
  readonly analytics: Analytics;
  readonly dimension: Dimension;
  /** Without the table and the time axis. */
  readonly isBrief?: boolean;
}) {
  const { intervals, since, until } = analytics;
  const names = namesOf(intervals, dimension);
  const drawing = { intervals, dimension, names };
  const total = intervals.reduce((sum, { seen_count: count }) => sum + count, 0);
  const most = Math.max(0, ...intervals.map(({ seen_count: count }) => count));
  const now = new Date();
  const label = `${amount(total, 'message')} since ${localTime(since, now)}, at most ${counted(most)} in ${spanOf(analytics)}`;
  return (
    <figure class="graph">
      <figcaption class="legend">
        <span class="muted">{label}</span>
        <ul>
          {names.map((name, index) => (
            <li key={name}>
              <span class={`swatch part-${partOf(dimension, name, index)}`} />
              {wordOf(dimension, name)}
            </li>
          ))}
        </ul>
      </figcaption>
      <div class="plot">
        <span class="scale muted" aria-hidden="true">
          {counted(ceiling(most))}
        </span>
        <Bars drawing={drawing} top={ceiling(most)} label={label} />
        {!isBrief && (
          <p class="axis muted" aria-hidden="true">
            <span>{localTime(since, now)}</span>
            <span>{localTime(until, now)}</span>
          </p>
        )}
      </div>
      {!isBrief && total > 0 && (
        <details>
          <summary>As a table</summary>
          <IntervalTable drawing={drawing} />
        </details>
      )}
    </figure>
  );
}

function Bars({
  drawing,
  top,
  label,
}: {
  readonly drawing: Drawing;
  /** Number of messages at the upper edge. */
  readonly top: number;
  readonly label: string;
}) {
  const { intervals } = drawing;
  const now = new Date();
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {intervals.map((interval, index) =>
        interval.seen_count === 0 ? null : (
          <g key={interval.start}>
            <title>{`${localTime(interval.start, now)}: ${amount(interval.seen_count, 'message')}`}</title>
            <Bar drawing={drawing} interval={interval} index={index} top={top} />
          </g>
        ),
      )}
    </svg>
  );
}

/** One interval, with its parts stacked. */
function Bar({
  drawing: { intervals, dimension, names },
  interval,
  index,
  top,
}: {
  readonly drawing: Drawing;
  readonly interval: Interval;
  readonly index: number;
  readonly top: number;
}) {
  const step = WIDTH / intervals.length;
  let below = 0;
  return (
    <>
      {names.map((name, place) => {
        const count = countOf(interval, dimension, name, names);
        if (count === 0) return null;
        const height = (HEIGHT * count) / top;
        below += height;
        return (
          <rect
            key={name}
            class={`part-${partOf(dimension, name, place)}`}
            x={index * step}
            y={HEIGHT - below}
            width={Math.max(0.5, step - 0.6)}
            height={height}
          />
        );
      })}
    </>
  );
}

function IntervalTable({
  drawing: { intervals, dimension, names },
}: {
  readonly drawing: Drawing;
}) {
  const now = new Date();
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Messages over time">
      <table>
        <thead>
          <tr>
            <th scope="col">From</th>
            <th scope="col" class="count">
              Messages
            </th>
            {names.map((name) => (
              <th scope="col" class="count" key={name}>
                {wordOf(dimension, name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {intervals
            .filter(({ seen_count: count }) => count > 0)
            .map((interval) => (
              <tr key={interval.start}>
                <td data-name="From">{localTime(interval.start, now)}</td>
                <td data-name="Messages" class="count">
                  {counted(interval.seen_count)}
                </td>
                {names.map((name) => (
                  <td data-name={wordOf(dimension, name)} class="count" key={name}>
                    {counted(countOf(interval, dimension, name, names))}
                  </td>
                ))}
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  );
}

function spanOf({ interval_seconds: seconds }: Analytics): string {
  if (seconds < 3600) return amount(seconds / 60, 'minute');
  return seconds < 86_400 ? amount(seconds / 3600, 'hour') : 'a day';
}

/** The colour of a part; each grade has a fixed one. */
function partOf(dimension: Dimension, name: string, index: number): number | string {
  return dimension === 'grade' ? name : index;
}
