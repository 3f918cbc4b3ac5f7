// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { ListingChange } from '../api-types.ts';
import { changes } from '../state/live.ts';
import { linkTo } from '../state/route-text.ts';
import { Dialled, RangeLink } from './dialled.tsx';
import { FilterLink, Panel, Time } from './pieces.tsx';

const WORDS: Readonly<Record<ListingChange['change'], string>> = {
  listed: 'listed',
  watched: 'watched',
  unlisted: 'let go',
};

/** The judge's latest decisions. */
export function Changes() {
  return (
    <Panel title="Listings" side={<a href={linkTo('listings')}>All</a>}>
      {changes.value.length === 0 ? (
        <p class="empty">
          Nothing was listed yet. It takes proof, so that no forged address gets here.
        </p>
      ) : (
        <ol class="changes">
          {changes.value.map((change) => (
            <li key={change.id}>
              <Time at={change.at} />
              <span class={`level ${change.change === 'unlisted' ? 'none' : change.level}`}>
                {WORDS[change.change]}
              </span>
              <ListedLink kind={change.kind} value={change.value} grouped={change.grouped} />
              <span class="muted why" title={change.reason}>
                {change.reasons[0] ?? ''}
              </span>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}

/** A link to the page of a listed subject, or to the events of a network or a range. */
export function ListedLink({
  kind,
  value,
  grouped,
}: {
  readonly kind: string;
  readonly value: string;
  /** A number as its country writes it. */
  readonly grouped: string | null;
}) {
  if (kind === 'range') {
    return (
      <span class="value">
        <RangeLink range={value} />
      </span>
    );
  }
  if (value.includes('/')) {
    return (
      <span class="value">
        <FilterLink name="network" value={value} />
      </span>
    );
  }
  return (
    <a class="value" href={linkTo(kind === 'number' ? 'number' : 'address', value)}>
      {grouped ?? (kind === 'number' ? <Dialled number={value} /> : value)}
    </a>
  );
}
