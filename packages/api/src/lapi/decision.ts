// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Listed, ListedSubject } from '../feed.ts';
import { entrySeconds, isNetwork } from '../list-formats.ts';

/** The origin of a decision, as shown by CrowdSec's `cscli` and its bouncers. */
const ORIGIN = 'sentrypeer';

/** The reason; bouncers can ask for some of them (`scenarios_containing`). */
const LISTED = 'sentrypeer/listed';
const BLOCKED = 'sentrypeer/blocked';

/** The decisions that a bouncer asks for. Each is a list of words; `undefined` means all. */
export interface DecisionFilter {
  /** `ip` and `range`, in lower case. */
  readonly scopes: readonly string[] | undefined;
  readonly origins: readonly string[] | undefined;
  readonly types: readonly string[] | undefined;
  /** Parts of names. */
  readonly scenariosContaining: readonly string[] | undefined;
  readonly scenariosNotContaining: readonly string[] | undefined;
}

/** @param query Of a request. Unknown parameters are ignored, so that a bouncer is never left without decisions. */
export function decisionFilter(query: URLSearchParams): DecisionFilter {
  const words = (...names: readonly string[]): readonly string[] | undefined => {
    const all = names.flatMap((name) => query.getAll(name)).flatMap((text) => text.split(','));
    const filled = all.map((word) => word.trim()).filter((word) => word !== '');
    return filled.length === 0 ? undefined : filled;
  };
  return {
    scopes: words('scopes', 'scope')?.map((scope) => scope.toLowerCase()),
    origins: words('origins', 'origin'),
    types: words('types', 'type'),
    scenariosContaining: words('scenarios_containing'),
    scenariosNotContaining: words('scenarios_not_containing'),
  };
}

export function isAskedFor(entry: Listed, filter: DecisionFilter): boolean {
  const { origins, types, scenariosContaining, scenariosNotContaining } = filter;
  const scenario = scenarioOf(entry);
  return (
    isScopeAskedFor(entry, filter) &&
    (origins === undefined || origins.includes(ORIGIN)) &&
    (types === undefined || types.includes('ban')) &&
    (scenariosContaining?.some((part) => scenario.includes(part)) ?? true) &&
    !(scenariosNotContaining?.some((part) => scenario.includes(part)) ?? false)
  );
}

/** The only check possible for what is no longer listed. */
export function isScopeAskedFor(subject: ListedSubject, { scopes }: DecisionFilter): boolean {
  return scopes === undefined || scopes.includes(scopeOf(subject).toLowerCase());
}

/** A decision in force, as a line of JSON. */
export function decisionText(entry: Listed, nowEpochUs: number): string {
  const { listingId: id, value } = entry;
  return JSON.stringify({
    id,
    origin: ORIGIN,
    scenario: scenarioOf(entry),
    scope: scopeOf(entry),
    type: 'ban',
    value,
    duration: goDuration(entrySeconds(entry, nowEpochUs)),
  });
}

/** A decision that has ended. */
export function endedText(subject: ListedSubject, id: number): string {
  return JSON.stringify({
    id,
    origin: ORIGIN,
    scenario: LISTED,
    scope: scopeOf(subject),
    type: 'ban',
    value: subject.value,
    duration: goDuration(-1),
  });
}

/** As Go writes and reads it: `3h59m56s`. @param seconds Whole ones. */
export function goDuration(seconds: number): string {
  const left = Math.abs(seconds);
  const hours = Math.floor(left / 3600);
  const minutes = Math.floor((left % 3600) / 60);
  const text = [
    ...(hours > 0 ? [`${hours}h`] : []),
    ...(left >= 60 ? [`${minutes}m`] : []),
    `${left % 60}s`,
  ].join('');
  return seconds < 0 ? `-${text}` : text;
}

function scenarioOf({ isBlocked }: Listed): string {
  return isBlocked ? BLOCKED : LISTED;
}

function scopeOf({ value }: ListedSubject): 'Ip' | 'Range' {
  return isNetwork(value) ? 'Range' : 'Ip';
}
