// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Event } from '../api-types.ts';
import { TOP_ROWS, TOPS_MS } from '../limits.ts';
import type { FilterName } from '../state/filters.ts';
import { events } from '../state/live.ts';
import { topsOf, type EventProperty } from '../state/tops.ts';
import { countryName } from '../text/country.ts';
import { amount, counted } from '../text/number.ts';
import { Dialled } from './dialled.tsx';
import { useCalmly } from './gradually.ts';
import { FilterLink, gradeWord, PageLink, Panel } from './pieces.tsx';

interface Kind {
  readonly name: EventProperty;
  readonly title: string;
  /** Only requests with this method. */
  readonly method?: string;
}

const KINDS: readonly Kind[] = [
  { name: 'source_ip', title: 'Sources' },
  { name: 'called_number', title: 'Numbers called', method: 'INVITE' },
  { name: 'country', title: 'Countries' },
  { name: 'network', title: 'Networks' },
  { name: 'user_agent', title: 'Tools' },
  { name: 'called_number', title: 'Extensions tried', method: 'REGISTER' },
  { name: 'method', title: 'Methods' },
  { name: 'grade', title: 'Proof' },
];

const NO_EVENTS: readonly Event[] = [];

/** The values with the most messages among the events that the page has. */
export function Tops() {
  const known = useCalmly(events.value, TOPS_MS, NO_EVENTS);
  return (
    <Panel
      title="Most messages"
      side={
        known.length > 0 && <span class="muted">of the last {amount(known.length, 'event')}</span>
      }
    >
      <div class="tops">
        {KINDS.map((kind) => (
          <Top key={kind.title} kind={kind} events={known} />
        ))}
      </div>
    </Panel>
  );
}

function Top({ kind, events: all }: { readonly kind: Kind; readonly events: readonly Event[] }) {
  const { name, title, method } = kind;
  const own = method === undefined ? all : all.filter((event) => event.method === method);
  const rows = topsOf(own, name, TOP_ROWS);
  const most = rows[0]?.count ?? 1;
  return (
    <div class="top">
      <h3>{title}</h3>
      {rows.length === 0 && all.length > 0 && <p class="muted">None</p>}
      <ol>
        {rows.map(({ value, count }) => (
          <li key={value}>
            <span class="bar" style={{ width: `${(100 * count) / most}%` }} />
            <span class="what">
              <FilterLink name={name} value={value}>
                {name === 'called_number' ? <Dialled number={value} /> : shown(name, value)}
              </FilterLink>
              {name === 'source_ip' && <PageLink view="address" subject={value} />}
              {name === 'called_number' && <PageLink view="number" subject={value} />}
            </span>
            <span class="count">{counted(count)}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

function shown(name: FilterName, value: string): string {
  if (name === 'country') return countryName(value);
  return name === 'grade' ? gradeWord(value) : value;
}
