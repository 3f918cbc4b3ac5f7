// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Analytics, AnalyticsTop } from '../api-types.ts';
import { pathOf } from '../ask/ask.ts';
import { useAnswer } from '../ask/use-answer.ts';
import { TREND_ROWS, TRENDS_MS } from '../limits.ts';
import type { FilterName } from '../state/filters.ts';
import { linkTo } from '../state/route-text.ts';
import { countryName } from '../text/country.ts';
import { counted } from '../text/number.ts';
import { FilterLink, Panel, Time, Trouble } from './pieces.tsx';
import { DIMENSIONS, RateGraph, type Dimension } from './rate-graph.tsx';
import { WorldMap } from './world-map.tsx';

const PERIODS = ['hour', 'day', 'week', 'month', 'year'] as const;
type Period = (typeof PERIODS)[number];

const DIMENSION_WORDS: Readonly<Record<Dimension, string>> = {
  grade: 'Proof',
  method: 'Method',
  transport: 'Transport',
};

/** Traffic over time, and who sent the most. @param subject The period and the dimension: `week/method`. */
export function TrendsView({ subject }: { readonly subject: string }) {
  const [first = '', second = ''] = subject.split('/');
  const period = PERIODS.find((one) => one === first) ?? 'day';
  const dimension = DIMENSIONS.find((one) => one === second) ?? 'grade';
  const answer = useAnswer<Analytics>(pathOf('/v1/analytics', { period }), TRENDS_MS);
  return (
    <>
      <h1>Over time</h1>
      <div class="choices">
        <Choices
          name="Period"
          of={PERIODS.map((one) => [one, `Last ${one}`, linkOf(one, dimension)])}
          chosen={period}
        />
        <Choices
          name="Shown by"
          of={DIMENSIONS.map((one) => [one, DIMENSION_WORDS[one], linkOf(period, one)])}
          chosen={dimension}
        />
      </div>
      {answer?.ok === false && <Trouble answer={answer} />}
      {answer?.ok === true && (
        <>
          <Panel title="Messages">
            <RateGraph analytics={answer.value} dimension={dimension} />
          </Panel>
          <Panel title="Where from">
            <WorldMap countries={answer.value.countries} since={answer.value.tops_since} />
          </Panel>
          <Panel
            title="Most messages"
            side={
              <span class="muted">
                since <Time at={answer.value.tops_since} />, and change against as long before
              </span>
            }
          >
            <div class="tops wide">
              <Top
                title="Countries"
                name="country"
                items={answer.value.countries.slice(0, TREND_ROWS)}
              />
              <Top title="Networks" name="network" items={answer.value.networks} />
              <Top title="Tools" name="user_agent" items={answer.value.tools} />
              <Top title="Ranges of numbers called" items={answer.value.ranges} />
            </div>
          </Panel>
        </>
      )}
    </>
  );
}

function linkOf(period: Period, dimension: Dimension): string {
  return linkTo('trends', `${period}/${dimension}`);
}

function Choices({
  name,
  of: choices,
  chosen,
}: {
  readonly name: string;
  readonly of: readonly (readonly [string, string, string])[];
  readonly chosen: string;
}) {
  return (
    <nav class="tabs" aria-label={name}>
      {choices.map(([value, word, href]) => (
        <a key={value} href={href} {...(value === chosen && { 'aria-current': 'page' })}>
          {word}
        </a>
      ))}
    </nav>
  );
}

function Top({
  title,
  name,
  items,
}: {
  readonly title: string;
  /** The filter that a click sets. */
  readonly name?: FilterName;
  readonly items: readonly AnalyticsTop[];
}) {
  const most = Math.max(1, ...items.map(({ seen_count: count }) => count));
  return (
    <div class="top">
      <h3>{title}</h3>
      {items.length === 0 && <p class="muted">None</p>}
      <ol>
        {items.map((item) => (
          <li key={item.name}>
            <span class="bar" style={{ width: `${(100 * item.seen_count) / most}%` }} />
            <span class="what">
              {item.name === null || name === undefined ? (
                <span>{item.name ?? 'others, or not known'}</span>
              ) : (
                <FilterLink name={name} value={item.name}>
                  {shown(name, item.name)} <span class="muted">{item.label}</span>
                </FilterLink>
              )}
            </span>
            <Change item={item} />
            <span class="count">{counted(item.seen_count)}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

function shown(name: FilterName, value: string): string {
  return name === 'country' ? countryName(value) : value;
}

/** Whether it is more or less than before. */
function Change({ item }: { readonly item: AnalyticsTop }) {
  const { seen_count: now, before_count: before } = item;
  const [sign, word] =
    before === 0
      ? ['new', 'none before']
      : now >= 1.25 * before
        ? ['▲', `more than the ${counted(before)} before`]
        : now <= 0.8 * before
          ? ['▼', `less than the ${counted(before)} before`]
          : ['', `about the ${counted(before)} before`];
  return (
    <span class="change" title={word}>
      <span aria-hidden="true">{sign}</span>
      <span class="hidden">{word}</span>
    </span>
  );
}
