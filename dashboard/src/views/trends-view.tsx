// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { ComponentChildren } from 'preact';
import type { Analytics, AnalyticsTop, Trends } from '../api-types.ts';
import { pathOf } from '../ask/ask.ts';
import { useAnswer } from '../ask/use-answer.ts';
import { TREND_ROWS, TRENDS_MS } from '../limits.ts';
import type { FilterName } from '../state/filters.ts';
import { linkTo } from '../state/route-text.ts';
import { countryName } from '../text/country.ts';
import { counted } from '../text/number.ts';
import { RangeLink } from './dialled.tsx';
import { FilterLink, PageLink, Panel, Time, Trouble } from './pieces.tsx';
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
  const trends = useAnswer<Trends>(
    pathOf('/v1/trends', { period: period === 'year' ? 'month' : period }),
    TRENDS_MS,
  );
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
          {trends?.ok === false && <Trouble answer={trends} />}
          {trends?.ok === true && <Subjects trends={trends.value} isShorter={period === 'year'} />}
          <Panel title="Most messages" side={<Span of={answer.value} />}>
            <div class="tops wide">
              <Top
                title="Countries"
                name="country"
                items={answer.value.countries.slice(0, TREND_ROWS)}
                isCompared={answer.value.before_known}
              />
              <Top
                title="Networks"
                name="network"
                items={answer.value.networks}
                isCompared={answer.value.before_known}
              />
              <Top
                title="Tools"
                name="user_agent"
                items={answer.value.tools}
                isCompared={answer.value.before_known}
              />
              <Top
                title="Ranges of numbers called"
                items={answer.value.ranges}
                isCompared={answer.value.before_known}
              />
            </div>
          </Panel>
        </>
      )}
    </>
  );
}

/** What is only kept for a month, because it names addresses and numbers; and the methods. */
function Subjects({
  trends,
  isShorter,
}: {
  readonly trends: Trends;
  /** Whether more was asked for. */
  readonly isShorter: boolean;
}) {
  const { sources, numbers, methods, before_known: isCompared } = trends;
  return (
    <Panel title="Sources, numbers and methods" side={<Span of={trends} />}>
      <div class="tops wide">
        <Top title="Sources" name="source_ip" items={sources} isCompared={isCompared} />
        <Top title="Numbers called" items={numbers} isCompared={isCompared} />
        <Top title="Methods" name="method" items={methods} isCompared={isCompared} />
      </div>
      {isShorter && (
        <p class="muted note">What names an address or a number is kept for a month.</p>
      )}
    </Panel>
  );
}

/** Which period is counted, and which one it is compared with. */
function Span({
  of: { tops_since: since, before_known: isCompared },
}: {
  readonly of: { readonly tops_since: string; readonly before_known: boolean };
}) {
  return (
    <span class="muted">
      since <Time at={since} />
      {isCompared
        ? ', and change against as long before'
        : '; as long before is not known, so nothing is compared'}
    </span>
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
  isCompared,
}: {
  readonly title: string;
  /** The filter that a click sets. */
  readonly name?: FilterName;
  readonly items: readonly AnalyticsTop[];
  /** Whether the counts of the time before are known. */
  readonly isCompared: boolean;
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
              <What name={name} item={item} />
            </span>
            {isCompared && <Change item={item} />}
            <span class="count">{counted(item.seen_count)}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

function What({
  name,
  item: { name: value, label },
}: {
  readonly name: FilterName | undefined;
  readonly item: AnalyticsTop;
}): ComponentChildren {
  if (value === null) return <span>others, or not known</span>;
  if (name === undefined && value.endsWith('x')) return <RangeLink range={value} />;
  if (name === undefined) return <a href={linkTo('number', value)}>{label ?? value}</a>;
  const isNetwork = name === 'source_ip' && value.includes('/');
  return (
    <>
      <FilterLink name={isNetwork ? 'network' : name} value={value}>
        {shown(name, value)} <span class="muted">{label}</span>
      </FilterLink>
      {name === 'source_ip' && !isNetwork && <PageLink view="address" subject={value} />}
    </>
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
