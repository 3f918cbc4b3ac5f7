// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Event } from '../api-types.ts';
import { useAnswer } from '../ask/use-answer.ts';
import { linkTo } from '../state/route-text.ts';
import { session } from '../state/session.ts';
import { Dialled } from './dialled.tsx';
import { Grade, Panel, Time, Trouble } from './pieces.tsx';
import { SignInLink } from './sign-in-view.tsx';

/** One event with everything known about it. */
export function EventView({ uuid }: { readonly uuid: string }) {
  // Users who may not see messages see the rest.
  const what = session.value === undefined ? '' : '?include=message';
  const answer = useAnswer<Event>(`/v1/events/${encodeURIComponent(uuid)}${what}`);
  if (answer === undefined) return <p class="empty">Reading…</p>;
  if (!answer.ok) return <Trouble answer={answer} />;
  const event = answer.value;
  return (
    <>
      <h1>Event {event.id}</h1>
      <Panel title="Known of it">
        <dl class="facts">
          {factsOf(event).map(([name, value]) => (
            <>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </>
          ))}
        </dl>
      </Panel>
      <Panel title="Message">
        {event.sip_message === undefined ? (
          <p class="empty">
            It may hold a password, so it needs a key of the role read or admin. <SignInLink />
          </p>
        ) : (
          <pre class="message">{event.sip_message}</pre>
        )}
      </Panel>
    </>
  );
}

function factsOf(event: Event) {
  const { source_ip: from, called_number: number } = event;
  const all = [
    ['Received', <Time at={event.event_timestamp ?? event.recorded_at} />],
    [
      'Source',
      <>
        <a href={linkTo('address', from)}>{from}</a> port {event.source_port ?? '?'}
      </>,
    ],
    ['Destination', `${event.destination_ip ?? '?'} port ${event.destination_port ?? '?'}`],
    ['Transport', event.transport],
    ['Method', event.method],
    [
      'Called',
      number !== null && (
        <a href={linkTo('number', number)}>
          <Dialled number={number} />
        </a>
      ),
    ],
    ['To', event.to_user],
    ['From', event.from_user],
    ['Tool', event.user_agent],
    ['Proof', <Grade grade={event.grade} />],
    ['Times', event.seen_count],
    ['Oddities', event.anomalies.join(', ')],
    ['Recorded by', event.created_by_node_id],
    ['Shared by', event.shared?.address],
  ] as const;
  return all.filter(
    ([, value]) => value !== null && value !== '' && value !== false && value !== undefined,
  );
}
