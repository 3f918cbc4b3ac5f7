// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { memo } from 'preact/compat';
import type { Event } from '../api-types.ts';
import { linkTo } from '../state/route-text.ts';
import { counted } from '../text/number.ts';
import { Dialled } from './dialled.tsx';
import { useGradually } from './gradually.ts';
import { Country, FilterLink, Grade, gradeWord, PageLink, Time } from './pieces.tsx';

/** Rows of events, newest first. */
export function EventTable({ events }: { readonly events: readonly Event[] }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Events">
      <table class="events">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Source</th>
            <th scope="col">Method</th>
            <th scope="col">Called</th>
            <th scope="col">Tool</th>
            <th scope="col">Proof</th>
            <th scope="col" class="count">
              Times
            </th>
          </tr>
        </thead>
        <tbody>
          {useGradually(events).map((event) => (
            <EventRow key={event.id} event={event} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

const EventRow = memo(({ event }: { readonly event: Event }) => {
  const { called_number: number, user_agent: tool, to_user: user } = event;
  return (
    <tr>
      <td data-name="Time">
        <a class="plain" href={linkTo('event', event.event_uuid)}>
          <Time at={event.event_timestamp ?? event.recorded_at} />
        </a>
      </td>
      <td data-name="Source" class="nowrap">
        <Country code={event.country} /> <FilterLink name="source_ip" value={event.source_ip} />
        <PageLink view="address" subject={event.source_ip} />
      </td>
      <td data-name="Method" class="nowrap">
        {event.method === null ? (
          <span class="muted">{event.message_kind ?? '?'}</span>
        ) : (
          <FilterLink name="method" value={event.method} />
        )}{' '}
        <FilterLink name="transport" value={event.transport} />
      </td>
      <td data-name="Called" class="called">
        {number === null ? (
          <span class="muted">{user ?? ''}</span>
        ) : (
          <>
            <FilterLink name="called_number" value={number}>
              <Dialled number={number} />
            </FilterLink>
            <PageLink view="number" subject={number} />
          </>
        )}
      </td>
      <td data-name="Tool" class="tool" title={tool ?? ''}>
        {tool !== null && <FilterLink name="user_agent" value={tool} />}
      </td>
      <td data-name="Proof">
        {event.grade === null ? (
          <Grade grade={null} />
        ) : (
          <FilterLink name="grade" value={event.grade}>
            <span class={`grade ${event.grade}`}>{gradeWord(event.grade)}</span>
          </FilterLink>
        )}
      </td>
      <td data-name="Times" class="count times">
        {counted(event.seen_count)}
      </td>
    </tr>
  );
});
