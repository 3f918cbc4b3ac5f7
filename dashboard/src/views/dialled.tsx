// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { readingOf } from '../state/readings.ts';
import { countryName } from '../text/country.ts';
import { groupedRange, spaced } from '../text/number.ts';
import { FilterLink } from './pieces.tsx';

/** Dialled digits, grouped by the custom of the country whose number they mean; anything else as it is. */
export function Dialled({ number }: { readonly number: string }) {
  const reading = readingOf(number);
  const { e164 = null, grouped = null, country = null } = reading ?? {};
  if (e164 === null || grouped === null) return <>{number}</>;
  const { prefix, rest } = spaced(number, e164, grouped);
  const where = country === null ? '' : `, ${countryName(country)}`;
  return (
    <span class="dialled" title={`${number}: ${grouped}${where}`}>
      {prefix}
      {rest}
    </span>
  );
}

/** The same in its parts: prefix, country and number. */
export function ReadNumber({ number }: { readonly number: string }) {
  const { e164 = null, grouped = null, country = null } = readingOf(number) ?? {};
  if (e164 === null || grouped === null) return <>{number}</>;
  const prefix = spaced(number, e164, grouped).prefix.trim();
  const parts = [prefix === '+' ? '' : prefix, country, grouped];
  return (
    <span class="dialled" title={number}>
      {parts.filter((part) => part !== null && part !== '').join(' | ')}
    </span>
  );
}

/** A range such as `+46850780xx`, grouped like its numbers. */
export function RangeText({ range }: { readonly range: string }) {
  const grouped = readingOf(range.replaceAll('x', '0'))?.grouped ?? null;
  return <>{grouped === null ? range : groupedRange(range, grouped)}</>;
}

/** The events of a range. */
export function RangeLink({ range }: { readonly range: string }) {
  return (
    <FilterLink name="number" value={range}>
      <RangeText range={range} />
    </FilterLink>
  );
}

/** Dialled digits or a range. */
export function NumberText({ number }: { readonly number: string }) {
  return number.endsWith('x') ? <RangeText range={number} /> : <Dialled number={number} />;
}
