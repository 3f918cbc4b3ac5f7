// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Event } from '../api-types.ts';
import { amount } from '../text/number.ts';
import { linkTo } from '../state/route-text.ts';
import { TIMELINE_EVENTS } from '../limits.ts';
import { ReadNumber } from './dialled.tsx';
import { EventTable } from './event-table.tsx';
import { Panel, Time } from './pieces.tsx';

/** Consecutive events of one kind. */
interface Step {
  readonly first: Event;
  readonly count: number;
  /** Messages with credentials. */
  readonly passwordsCount: number;
  readonly whats: readonly string[];
}

/** What was tried in which order: consecutive events of one method are one step. */
function stepsOf(newestFirst: readonly Event[]): readonly Step[] {
  const steps: { first: Event; count: number; passwordsCount: number; whats: Set<string> }[] = [];
  for (const event of newestFirst.toReversed()) {
    let step = steps.at(-1);
    if (step === undefined || step.first.method !== event.method) {
      step = { first: event, count: 0, passwordsCount: 0, whats: new Set() };
      steps.push(step);
    }
    step.count += event.seen_count;
    if (event.tried_password) step.passwordsCount += event.seen_count;
    const what = event.called_number ?? event.to_user;
    if (what !== null) step.whats.add(what);
  }
  return steps.map((step) => ({ ...step, whats: [...step.whats] }));
}

/** The most values of a step that are named. */
const NAMED_MAX = 12;

/** The order of attempts, then each event. */
export function Timeline({
  events,
  isAll,
}: {
  readonly events: readonly Event[];
  readonly isAll: boolean;
}) {
  const side = isAll ? amount(events.length, 'event') : `the last ${TIMELINE_EVENTS} events`;
  return (
    <>
      <Panel title="What it tried, in this order" side={<span class="muted">{side}</span>}>
        <ol class="steps">
          {stepsOf(events).map(({ first, count, passwordsCount, whats }) => (
            <li key={first.id}>
              <Time at={first.event_timestamp ?? first.recorded_at} />
              <strong>{first.method ?? first.message_kind ?? '?'}</strong>
              <span>
                {amount(count, 'message')}
                {passwordsCount > 0 && ` with ${amount(passwordsCount, 'password')}`}
                {whats.length > 0 && (
                  <>
                    {first.method === 'INVITE' ? ' to ' : ' for '}
                    {whats.slice(0, NAMED_MAX).map((what, index) => (
                      <span key={what}>
                        {index > 0 && ', '}
                        {first.method === 'INVITE' ? (
                          <a href={linkTo('number', what)}>
                            <ReadNumber number={what} />
                          </a>
                        ) : (
                          <span class="value">{what}</span>
                        )}
                      </span>
                    ))}
                    {whats.length > NAMED_MAX && ` and ${whats.length - NAMED_MAX} more`}
                  </>
                )}
              </span>
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
