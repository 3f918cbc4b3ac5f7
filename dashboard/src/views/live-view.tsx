// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Analytics, Event, Summary } from '../api-types.ts';
import { useAnswer } from '../ask/use-answer.ts';
import { REFRESH_MS, ROWS_COUNT_MAX, TRENDS_MS } from '../limits.ts';
import { FILTER_NAMES, FILTER_WORDS, type FilterName } from '../state/filters.ts';
import {
  events,
  hasEvents,
  isPaused,
  isRead,
  isSearching,
  leftOutCount,
  trouble,
} from '../state/live.ts';
import { formatRoute, linkTo } from '../state/route-text.ts';
import { route } from '../state/route.ts';
import { amount, counted } from '../text/number.ts';
import { Changes } from './changes.tsx';
import { NumberText } from './dialled.tsx';
import { EventTable } from './event-table.tsx';
import { FirstSteps } from './first-steps.tsx';
import { gradeWord, PageLink, Panel, Trouble } from './pieces.tsx';
import { Reach } from './reach.tsx';
import { RateGraph } from './rate-graph.tsx';
import { Tops } from './tops.tsx';
import { WorldMap } from './world-map.tsx';

export function LiveView() {
  const { filters } = route.value;
  const isFiltered = Object.keys(filters).length > 0;
  const isEmpty = isRead.value && !hasEvents.value;
  if (trouble.value !== undefined) return <Trouble answer={trouble.value} />;
  if (isEmpty && !isFiltered) return <FirstSteps />;
  return (
    <>
      <h1 class="hidden">Live</h1>
      <Figures />
      {!isFiltered && <Reach />}
      <LastHour />
      <FilterBar />
      <div class="columns">
        <Panel title="Events" side={<PauseButton />}>
          {isEmpty ? (
            <p class="empty">
              {isSearching.value
                ? 'Looking for older events that match…'
                : 'No event matches. The next one that does appears here.'}
            </p>
          ) : (
            <>
              <LeftOut />
              <ShownEvents />
            </>
          )}
        </Panel>
        <div class="stack">
          <Tops />
          <Changes />
        </div>
      </div>
    </>
  );
}

/** Says that more came than is shown, and where to find it. */
function LeftOut() {
  const count = leftOutCount.value;
  if (count === 0) return null;
  return (
    <p class="left-out muted">
      {amount(count, 'event')} between these came too fast to show. All are recorded and counted.
    </p>
  );
}

/** The newest rows; while the table is stopped, those of that moment. */
function ShownEvents() {
  const [held, setHeld] = useState<readonly Event[]>();
  useEffect(() => setHeld(isPaused.value ? events.peek() : undefined), [isPaused.value]);
  return <EventTable events={(held ?? events.value).slice(0, ROWS_COUNT_MAX)} />;
}

function PauseButton() {
  return (
    <button
      type="button"
      aria-pressed={isPaused.value}
      onClick={() => (isPaused.value = !isPaused.value)}
    >
      {isPaused.value ? 'Go on' : 'Hold still'}
    </button>
  );
}

function Figures() {
  const answer = useAnswer<Summary>('/v1/summary', REFRESH_MS);
  const known = useRef<Summary | undefined>(undefined);
  if (answer?.ok === true) known.current = answer.value;
  const summary = known.current;
  const figures: readonly (readonly [string, number | undefined])[] = [
    ['Addresses', summary?.addresses],
    ['Numbers called', summary?.numbers],
    ['Tools', summary?.user_agents],
    ['Events', summary?.last_event_id],
  ];
  return (
    <dl class="figures">
      {figures.map(([name, count]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{count === undefined ? ' ' : counted(count)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Whether it is getting worse, and where it comes from. */
function LastHour() {
  const answer = useAnswer<Analytics>('/v1/analytics?period=hour', TRENDS_MS);
  const known = useRef<Analytics | undefined>(undefined);
  if (answer?.ok === true) known.current = answer.value;
  return (
    <div class="pair">
      <Panel title="Last hour" side={<a href={linkTo('trends')}>Look back</a>}>
        {known.current === undefined ? (
          <div class="graph" />
        ) : (
          <RateGraph analytics={known.current} dimension="grade" isBrief />
        )}
      </Panel>
      <Panel title="From where" side={<a href={linkTo('trends')}>All countries</a>}>
        {known.current === undefined ? (
          <div class="graph" />
        ) : (
          <WorldMap countries={known.current.countries} since={known.current.tops_since} isBrief />
        )}
      </Panel>
    </div>
  );
}

/** The current filters, and how to remove them. */
function FilterBar() {
  const { filters } = route.value;
  const chosen = FILTER_NAMES.filter((name) => filters[name] !== undefined);
  if (chosen.length === 0) return null;
  return (
    <div class="filters">
      <span class="muted">
        {amount(shownCount(), 'event')} {isSearching.value && 'so far '}with
      </span>
      <ul>
        {chosen.map((name) => (
          <li key={name}>
            <Chip name={name} value={filters[name] ?? ''} />
          </li>
        ))}
      </ul>
      {chosen.length > 1 && <a href={linkTo('live')}>Remove all</a>}
    </div>
  );
}

/** Events that came too fast to show match, too. */
function shownCount(): number {
  return events.value.length + leftOutCount.value;
}

function Chip({ name, value }: { readonly name: FilterName; readonly value: string }) {
  const { [name]: _removed, ...others } = route.value.filters;
  const shown = name === 'grade' ? gradeWord(value) : value;
  return (
    <span class="chip">
      <span class="muted">{FILTER_WORDS[name]}</span>{' '}
      <span class="value">
        {name === 'called_number' || name === 'number' ? <NumberText number={value} /> : shown}
      </span>
      {name === 'source_ip' && <PageLink view="address" subject={value} />}
      {(name === 'called_number' || (name === 'number' && !value.endsWith('x'))) && (
        <PageLink view="number" subject={value} />
      )}
      <a
        class="remove"
        href={formatRoute({ view: 'live', subject: '', filters: others })}
        aria-label={`Without ${FILTER_WORDS[name]} ${shown}`}
      >
        ×
      </a>
    </span>
  );
}
