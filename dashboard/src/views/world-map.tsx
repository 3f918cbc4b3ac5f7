// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { computed, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { AnalyticsTop } from '../api-types.ts';
import { ask } from '../ask/ask.ts';
import { MAP_SHADES } from '../limits.ts';
import { goTo } from '../state/route.ts';
import { countryName } from '../text/country.ts';
import { amount, counted } from '../text/number.ts';
import { localTime } from '../text/time.ts';
import { FilterLink } from './pieces.tsx';

/** The outlines that come with the page (tools/world-map.ts). */
interface World {
  readonly width: number;
  readonly height: number;
  /** By country code; empty for land without one. */
  readonly paths: Readonly<Record<string, string>>;
  /** Positions of countries that are too small to see. */
  readonly places: Readonly<Record<string, readonly [number, number]>>;
}

const world = signal<World | undefined>(undefined);
/** All land as one path, so that countries without messages cost nothing. */
const land = computed(() => Object.values(world.value?.paths ?? {}).join(''));
let isAsked = false;

/** Reads the outlines once; they never change. */
async function readWorld(): Promise<void> {
  const path = document.getElementById('world')?.getAttribute('href') ?? '';
  if (isAsked || path === '') return;
  isAsked = true;
  const answer = await ask<World>(path);
  if (answer.ok) world.value = answer.value;
  else isAsked = false; // The next view tries again.
}

interface CountryCount {
  readonly code: string;
  readonly count: number;
}

/** Where messages came from: as a map, and the same as a table. */
export function WorldMap({
  countries,
  since,
  isBrief = false,
}: {
  readonly countries: readonly AnalyticsTop[];
  /** Start of counting, in whole hours. */
  readonly since: string;
  /** Without the table. */
  readonly isBrief?: boolean;
}) {
  useEffect(() => void readWorld(), []);
  const known = countries.flatMap(({ name, seen_count: count }) =>
    name === null ? [] : [{ code: name, count }],
  );
  const total = countries.reduce((sum, { seen_count: count }) => sum + count, 0);
  const placed = known.reduce((sum, { count }) => sum + count, 0);
  const label = `${amount(placed, 'message')} from ${known.length === 1 ? 'one country' : `${counted(known.length)} countries`} since ${localTime(since, new Date())}`;
  return (
    <figure class="graph">
      <figcaption class="legend">
        <span class="muted">
          {label}
          {total > placed && `, ${counted(total - placed)} from where is not known`}
        </span>
      </figcaption>
      <Picture countries={known} label={label} />
      {!isBrief && known.length > 0 && (
        <details>
          <summary>Countries as a table</summary>
          <CountryTable countries={known} total={total} />
        </details>
      )}
    </figure>
  );
}

function Picture({
  countries,
  label,
}: {
  readonly countries: readonly CountryCount[];
  readonly label: string;
}) {
  const { width, height, paths, places } = world.value ?? EMPTY;
  const most = countries[0]?.count ?? 1;
  return (
    <svg class="world" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
      <path class="land" d={land.value} />
      {countries.map(({ code, count }) => {
        const shape = shapeOf(paths[code], places[code]);
        return (
          shape !== undefined && (
            // For mouse users; the table has the same as links.
            <path
              key={code}
              class={`shade-${shadeOf(count, most)}`}
              d={shape}
              onClick={() => choose(code)}
            >
              <title>{`${countryName(code)}: ${amount(count, 'message')}`}</title>
            </path>
          )
        );
      })}
    </svg>
  );
}

const EMPTY: World = { width: 1080, height: 423, paths: {}, places: {} };

/** Half the width of the mark for a country that is too small to see, in units of the picture. */
const MARK = 7;

function shapeOf(path: string | undefined, place: World['places'][string] | undefined) {
  if (path !== undefined || place === undefined) return path;
  const [x, y] = place;
  return `M${x - MARK} ${y}a${MARK} ${MARK} 0 1 0 ${2 * MARK} 0a${MARK} ${MARK} 0 1 0 ${-2 * MARK} 0z`;
}

/** From 1 to MAP_SHADES, on a power scale: a few countries send nearly everything. */
function shadeOf(count: number, most: number): number {
  const power = Math.log(count) / Math.max(1, Math.log(most));
  return Math.min(MAP_SHADES, 1 + Math.floor(power * MAP_SHADES));
}

function choose(country: string): void {
  goTo({ view: 'live', subject: '', filters: { country } });
}

function CountryTable({
  countries,
  total,
}: {
  readonly countries: readonly CountryCount[];
  readonly total: number;
}) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Messages by country">
      <table>
        <thead>
          <tr>
            <th scope="col">Country</th>
            <th scope="col" class="count">
              Messages
            </th>
            <th scope="col" class="count">
              Share
            </th>
          </tr>
        </thead>
        <tbody>
          {countries.map(({ code, count }) => (
            <tr key={code}>
              <td data-name="Country">
                <FilterLink name="country" value={code}>
                  {countryName(code)}
                </FilterLink>
              </td>
              <td data-name="Messages" class="count">
                {counted(count)}
              </td>
              <td data-name="Share" class="count">
                {(100 * count) / total < 1 ? 'below 1' : Math.round((100 * count) / total)} %
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
