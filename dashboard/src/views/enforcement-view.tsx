// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { useEffect, useState } from 'preact/hooks';
import type { Followers, Webhooks } from '../api-types.ts';
import { useAnswer } from '../ask/use-answer.ts';
import { DECISIONS_COUNT_MAX, REFRESH_MS } from '../limits.ts';
import { session } from '../state/session.ts';
import { amount, counted } from '../text/number.ts';
import { Dialled } from './dialled.tsx';
import { Panel, Time, Trouble } from './pieces.tsx';
import { SignInLink } from './sign-in-view.tsx';
import { Table } from './table.tsx';

/** Which programs enforce the listings, and which endpoints receive events. */
export function EnforcementView() {
  return (
    <>
      <h1>Enforcement</h1>
      <FollowersPanel />
      <AgentPanel />
      <WebhooksPanel />
    </>
  );
}

function FollowersPanel() {
  const answer = useAnswer<Followers>('/v1/followers', REFRESH_MS);
  if (answer?.ok === false) return <Trouble answer={answer} />;
  const { items = [], bouncers = [] } = answer?.value ?? {};
  return (
    <>
      <Panel title="Firewalls, routers and bouncers">
        {items.length + bouncers.length === 0 ? (
          <p class="empty">
            Nothing carries the listings out yet. On this machine: sudo sentrypeer firewall; for
            routers: sentrypeer bgp; for programs that pull lists: <a href="/docs">/v1/lists</a>.
          </p>
        ) : (
          <Table
            label="Firewalls, routers and bouncers"
            heads={['Name', 'State', 'Entries', 'Behind', 'Heard', 'What is wrong']}
          >
            {items.map((one) => (
              <tr key={`${one.name} ${one.process_id}`}>
                <td data-name="Name">{one.name}</td>
                <td data-name="State" class={one.in_force ? '' : 'refused'}>
                  {one.in_force ? 'in force' : `not in force: ${one.state}`}
                </td>
                <td data-name="Entries">
                  {counted(one.entries.ipv4)} IPv4, {counted(one.entries.ipv6)} IPv6
                  {countsOf(one.counts)}
                </td>
                <td data-name="Behind">{behind(one.lag, 'change')}</td>
                <td data-name="Heard">
                  <Time at={one.heard} />
                </td>
                <td data-name="What is wrong" class="text">
                  {one.troubles.join('; ') || 'nothing'}
                </td>
              </tr>
            ))}
            {bouncers.map((one) => (
              <tr key={`${one.key} ${one.address}`}>
                <td data-name="Name">
                  {one.key} <span class="muted">{one.user_agent}</span>
                </td>
                <td data-name="State">pulls from {one.address}</td>
                <td data-name="Entries" />
                <td data-name="Behind">{behind(one.lag, 'change')}</td>
                <td data-name="Heard">
                  <Time at={one.pulled} />
                </td>
                <td data-name="What is wrong" />
              </tr>
            ))}
          </Table>
        )}
      </Panel>
      <RoutersPanel sessions={items.flatMap(({ sessions }) => sessions)} />
    </>
  );
}

type Session = Followers['items'][number]['sessions'][number];

/** The routers that drop what is listed, and since when each is or is not connected. */
function RoutersPanel({ sessions }: { readonly sessions: readonly Session[] }) {
  if (sessions.length === 0) return null;
  const upCount = sessions.filter(({ up }) => up).length;
  return (
    <Panel
      title="Routers"
      side={
        <span class="muted">{`${counted(upCount)} of ${amount(sessions.length, 'session')} up`}</span>
      }
    >
      <Table
        label="Routers"
        heads={['Router', 'Session', 'Since', 'Prefixes it has', 'Last error']}
      >
        {sessions.map((one) => (
          <tr key={`${one.name} ${one.address}`}>
            <td data-name="Router" class="text">
              {one.name} {one.name !== one.address && <span class="muted">{one.address}</span>}
            </td>
            <td data-name="Session" class={one.up ? '' : 'refused'}>
              {one.up ? 'up' : `down: ${one.state}`}
            </td>
            <td data-name="Since">
              <Time at={one.since} />
            </td>
            <td data-name="Prefixes it has">{counted(one.prefixes_out)}</td>
            <td data-name="Last error" class="text">
              {one.last_error ?? 'none'}
            </td>
          </tr>
        ))}
      </Table>
    </Panel>
  );
}

function countsOf(counts: Readonly<Record<string, number>>): string {
  const packets = counts['refused_packets'];
  return packets === undefined ? '' : `, ${amount(packets, 'packet')} refused`;
}

function behind(lag: number | null, noun: string): string {
  if (lag === null) return 'not known';
  return lag === 0 ? 'up to date' : amount(lag, noun);
}

/** A decision of the SIP agent. */
interface AgentDecision {
  readonly at: string;
  readonly outcome: string;
  readonly status: number;
  readonly level: string;
  readonly number: string | null;
  readonly address: string | null;
  readonly reasons: readonly string[];
}

type Numbered = AgentDecision & { readonly id: number };

/** What the SIP agent does with calls, live. */
function AgentPanel() {
  const [decisions, setDecisions] = useState<readonly Numbered[]>([]);
  const [isOn, setIsOn] = useState(false);
  const isKnown = session.value !== undefined;
  useEffect(() => {
    if (!isKnown) return undefined;
    let id = 0;
    // If the agent is off, the answer is 404, and the browser does not try again.
    const source = new EventSource('/v1/sip-agent/decisions/stream?after=0');
    source.addEventListener('open', () => setIsOn(true));
    source.addEventListener('decision', (event: MessageEvent<string>) => {
      id += 1;
      const one = { ...(JSON.parse(event.data) as AgentDecision), id };
      setDecisions((before) => [one, ...before].slice(0, DECISIONS_COUNT_MAX));
    });
    return () => source.close();
  }, [isKnown]);
  return (
    <Panel title="Calls that the SIP agent decided">
      {!isKnown ? (
        <p class="empty">
          Who calls whom is shown to those with a key. <SignInLink />
        </p>
      ) : decisions.length === 0 ? (
        <p class="empty">
          {isOn
            ? 'No call yet.'
            : 'The SIP agent is off: --sip-agent lets a PBX or proxy ask before it places a call.'}
        </p>
      ) : (
        <Table label="Calls" heads={['Time', 'Number', 'From', 'Outcome', 'Why']}>
          {decisions.map((one) => (
            <tr key={one.id}>
              <td data-name="Time">
                <Time at={one.at} />
              </td>
              <td data-name="Number">{one.number !== null && <Dialled number={one.number} />}</td>
              <td data-name="From">{one.address}</td>
              <td data-name="Outcome">
                {one.outcome} <span class="muted">{one.status}</span>
              </td>
              <td data-name="Why" class="text">
                {one.reasons.join('; ')}
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Panel>
  );
}

function WebhooksPanel() {
  const answer = useAnswer<Webhooks>('/v1/webhooks', REFRESH_MS);
  const items = answer?.ok === true ? answer.value.items : [];
  return (
    <Panel title="Webhooks">
      {items.length === 0 ? (
        <p class="empty">Events are posted to no endpoint: -w URL names one.</p>
      ) : (
        <Table
          label="Webhooks"
          heads={['Name', 'Behind', 'Taken', 'Refused', 'Last', 'Last failure']}
        >
          {items.map((one) => (
            <tr key={one.name}>
              <td data-name="Name">{one.name}</td>
              <td data-name="Behind">{behind(one.lag, 'event')}</td>
              <td data-name="Taken">{counted(one.accepted)}</td>
              <td data-name="Refused">{counted(one.refused + one.expired)}</td>
              <td data-name="Last">
                {one.last_accepted !== null && <Time at={one.last_accepted} />}
              </td>
              <td data-name="Last failure" class="text">
                {one.last_error !== null && (
                  <>
                    <Time at={one.last_error.time} /> {one.last_error.message}
                  </>
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Panel>
  );
}
