// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Event, Explanation } from '../api-types.ts';
import { numberPaths } from '../ask/paths.ts';
import { useAnswer } from '../ask/use-answer.ts';
import { REFRESH_MS, TOP_ROWS } from '../limits.ts';
import { topsOf } from '../state/tops.ts';
import { countryName } from '../text/country.ts';
import { counted, readNumber } from '../text/number.ts';
import { Decide, mayDelist } from './decide.tsx';
import { Dialled, RangeLink } from './dialled.tsx';
import { EventTable } from './event-table.tsx';
import { FilterLink, PageLink, Panel, Trouble } from './pieces.tsx';
import { Verdict } from './verdict.tsx';

/** Everything about one number, in whatever form it was dialled. */
export function NumberView({ dialled }: { readonly dialled: string }) {
  const paths = numberPaths(dialled);
  const why = useAnswer<Explanation>(paths.why, REFRESH_MS);
  const events = useAnswer<{ readonly items: readonly Event[] }>(paths.events, REFRESH_MS);
  const number = why?.ok === true ? why.value.number : null;
  return (
    <>
      <h1>
        <Dialled number={dialled} />
      </h1>
      {why?.ok === false && <Trouble answer={why} />}
      <div class="pair">
        {number !== null && <Reading dialled={dialled} number={number} />}
        {why?.ok === true && <Verdict explanation={why.value} explained={why.value.number} />}
      </div>
      {number !== null && (
        <Decide
          value={number.e164 ?? dialled}
          entry={number.range ?? number.e164 ?? dialled}
          isListed={mayDelist(number)}
        />
      )}
      {events?.ok === true && <Callers events={events.value.items} />}
    </>
  );
}

/** How the digits are read: prefix, country, number. */
function Reading({
  dialled,
  number,
}: {
  readonly dialled: string;
  readonly number: NonNullable<Explanation['number']>;
}) {
  const { prefix, number: e164 } = readNumber(dialled, number.e164 ?? undefined);
  return (
    <Panel title="How it is read">
      <dl class="facts">
        {prefix !== '' && (
          <>
            <dt>Prefix</dt>
            <dd>
              <code>{prefix}</code> <span class="muted">dialled before the number</span>
            </dd>
          </>
        )}
        <dt>Number</dt>
        <dd>
          <code>{number.grouped ?? e164}</code>
        </dd>
        {number.country !== null && (
          <>
            <dt>Country</dt>
            <dd>{countryName(number.country)}</dd>
          </>
        )}
        <dt>Kind</dt>
        <dd>{number.number_type ?? number.kind}</dd>
        {number.range !== null && (
          <>
            <dt>Range</dt>
            <dd>
              <RangeLink range={number.range} />{' '}
              <span class="muted">it is judged with its neighbours, which are under attack</span>
            </dd>
          </>
        )}
      </dl>
    </Panel>
  );
}

function Callers({ events }: { readonly events: readonly Event[] }) {
  if (events.length === 0) {
    return <p class="empty">No event called this number, in whatever form.</p>;
  }
  return (
    <>
      <Panel title="Who called it">
        <ol class="plain-list">
          {topsOf(events, 'source_ip', TOP_ROWS).map(({ value, count }) => (
            <li key={value}>
              <FilterLink name="source_ip" value={value} />
              <PageLink view="address" subject={value} />{' '}
              <span class="muted">{counted(count)} times</span>
            </li>
          ))}
        </ol>
      </Panel>
      <Panel title="Events">
        <EventTable events={events} />
      </Panel>
    </>
  );
}
