// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { ComponentChildren } from 'preact';
import type { Answer } from '../ask/ask.ts';
import { UNREACHABLE } from '../ask/ask.ts';
import { NOT_KNOWN, type FilterName } from '../state/filters.ts';
import { formatRoute, linkTo, type View } from '../state/route-text.ts';
import { route } from '../state/route.ts';
import { countryName } from '../text/country.ts';
import { localTime, utcTime } from '../text/time.ts';

/** A moment in the viewer's zone, with UTC as a tooltip; `null` if nothing says when. */
export function Time({ at }: { readonly at: string | null }) {
  if (at === null) return <span class="muted">unknown</span>;
  return (
    <time dateTime={at} title={utcTime(at)}>
      {localTime(at, new Date())}
    </time>
  );
}

const GRADES: Readonly<Record<string, readonly [word: string, meaning: string]>> = {
  seen: ['claimed', 'A packet claims this source, which may be forged.'],
  returned: ['answered', 'The source received our reply, so the address is its own.'],
  handshake: ['connected', 'TCP or TLS was set up, so the address is its own.'],
};

/** How sure the source of an event is. */
export function Grade({ grade }: { readonly grade: string | null }) {
  if (grade === null) return <span class="muted">shared</span>;
  const [word, meaning] = GRADES[grade] ?? [grade, ''];
  return (
    <span class={`grade ${grade}`} title={meaning}>
      {word}
    </span>
  );
}

export function gradeWord(grade: string): string {
  return GRADES[grade]?.[0] ?? grade;
}

/** What is done about a subject. */
export function Level({ level }: { readonly level: string }) {
  return <span class={`level ${level}`}>{level === 'none' ? 'not listed' : level}</span>;
}

/** A country by its code, with its name as a tooltip. */
export function Country({ code }: { readonly code: string | null }) {
  if (code === null) return null;
  return (
    <abbr class="country" title={countryName(code)}>
      {code}
    </abbr>
  );
}

/** A value that filters for events with that value. */
export function FilterLink({
  name,
  value,
  children,
}: {
  readonly name: FilterName;
  readonly value: string;
  readonly children?: ComponentChildren;
}) {
  const { filters } = route.value;
  const href = formatRoute({ view: 'live', subject: '', filters: { ...filters, [name]: value } });
  return (
    <a class="filter" href={href} {...(filters[name] === value && { 'aria-current': 'true' })}>
      {children ?? (value === NOT_KNOWN ? 'not known' : value)}
    </a>
  );
}

/** A link to a subject's page, placed after its name. */
export function PageLink({ view, subject }: { readonly view: View; readonly subject: string }) {
  return (
    <a class="page-link" href={linkTo(view, subject)} aria-label={`All about ${subject}`}>
      <svg viewBox="0 0 12 12" aria-hidden="true">
        <path d="M4 2h6v6M10 2 3 9" />
      </svg>
    </a>
  );
}

/** A part of a view with its heading. */
export function Panel({
  title,
  side,
  children,
}: {
  readonly title: string;
  /** At the end of the heading's line. */
  readonly side?: ComponentChildren;
  readonly children: ComponentChildren;
}) {
  return (
    <section class="panel">
      <div class="panel-head">
        <h2>{title}</h2>
        {side}
      </div>
      {children}
    </section>
  );
}

/** Why something cannot be shown, and what to do. */
export function Trouble({ answer }: { readonly answer: Extract<Answer<never>, { ok: false }> }) {
  const { status, why } = answer;
  const [what, toDo] = adviceOn(status);
  return (
    <div class="trouble" role="alert">
      <p>
        <strong>{what}</strong> {toDo}
      </p>
      <p class="muted">{why}</p>
    </div>
  );
}

function adviceOn(status: number): readonly [string, string] {
  switch (status) {
    case UNREACHABLE:
      return ['The node does not answer.', 'Is it running? The page tries again by itself.'];
    case 401:
    case 403:
      return ['This needs another key.', 'Make one with: sentrypeer keys add NAME admin'];
    case 400:
      return ['The node does not understand this.', 'Look for it in the box above.'];
    case 404:
      return ['There is nothing.', ''];
    case 421:
      return [
        'The node does not know the name in the address bar.',
        'Start it with --api-host NAME, or use its address.',
      ];
    case 429:
    case 503:
      return ['The node is busy.', 'Try again in a moment.'];
    default:
      return ['The node could not answer.', 'Its log says more.'];
  }
}
