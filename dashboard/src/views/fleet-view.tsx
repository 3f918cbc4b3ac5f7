// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Fleet, FleetNode, FleetOverview } from '../api-types.ts';
import { useAnswer } from '../ask/use-answer.ts';
import { REFRESH_MS } from '../limits.ts';
import { fleetPart, fleetTroubles, nodeStanding, type FleetPart } from '../state/fleet.ts';
import { amount, counted } from '../text/number.ts';
import { span, utcTime } from '../text/time.ts';
import { useGradually } from './gradually.ts';
import { Panel, Time, Trouble } from './pieces.tsx';
import { Table } from './table.tsx';

/** The role of a node whose role is known. */
type FleetWork = Exclude<FleetPart, 'none' | 'starting'>;

const PARTS: Readonly<Record<FleetWork, string>> = {
  follower: 'follower: it has what the hubs list, and pushes nothing',
  sensor: 'sensor: it pushes its events, and has what the hubs list',
  hub: 'hub: it takes what all nodes push, and judges it',
};

/** What this node does in a fleet; at hubs, also the state of all nodes. */
export function FleetView() {
  const answer = useAnswer<Fleet>('/v1/fleet', REFRESH_MS);
  if (answer?.ok === false) return <Trouble answer={answer} />;
  return (
    <>
      <h1>Fleet</h1>
      {answer === undefined ? <p class="empty">Reading…</p> : <Known fleet={answer.value} />}
    </>
  );
}

function Known({ fleet }: { readonly fleet: Fleet }) {
  const part = fleetPart(fleet);
  if (part === 'none') return <NoFleet />;
  if (part === 'starting') {
    return (
      <Panel title="This node">
        <p class="empty">This node’s part in the fleet is starting.</p>
      </Panel>
    );
  }
  const troubles = fleetTroubles(fleet);
  return (
    <>
      {troubles.length > 0 && (
        <div class="trouble" role="alert">
          <p>
            <strong>Part of this node’s work for the fleet fails at present.</strong> What waits is
            kept, and the node tries again by itself.
          </p>
          {troubles.map(({ what, why }) => (
            <p key={what} class="muted text">
              {what}: {why}
            </p>
          ))}
        </div>
      )}
      <Own fleet={fleet} part={part} />
      {part !== 'hub' ? (
        <Panel title="Nodes">
          <p class="empty">
            Only hubs know how all nodes are: open this page at a hub, or run{' '}
            <code>sentrypeer fleet status</code> as the owner of the fleet’s database.
          </p>
        </Panel>
      ) : fleet.overview === null ? (
        <Panel title="Nodes">
          <p class="empty">This hub has not heard from the fleet’s database yet.</p>
        </Panel>
      ) : (
        <Overview overview={fleet.overview} isOld={fleet.pull?.trouble !== null} />
      )}
    </>
  );
}

function NoFleet() {
  return (
    <Panel title="This node">
      <div class="empty">
        <p>
          This node is in no fleet. In a fleet many nodes push their events into one PostgreSQL
          database, hubs judge all of them, and every node acts on what the hubs list. To begin:
        </p>
        <ul>
          <li>
            <code>sentrypeer fleet init --fleet ADDRESS</code> prepares the database.
          </li>
          <li>
            <code>sentrypeer fleet join NAME sensor FILE HOST --fleet ADDRESS</code> lets a node in;
            start the node with <code>--fleet-file FILE</code>.
          </li>
          <li>
            <code>docs/fleet.md</code> says all of it.
          </li>
        </ul>
      </div>
    </Panel>
  );
}

/** What this node pushes, takes, publishes and follows, and how far it is. */
function Own({
  fleet: { push, pull, publish, follow },
  part,
}: {
  readonly fleet: Fleet;
  readonly part: FleetWork;
}) {
  return (
    <Panel title="This node">
      <dl class="facts">
        <dt>Part</dt>
        <dd>{PARTS[part]}</dd>
        {push !== null && (
          <>
            <dt>Pushes</dt>
            <dd>
              {amount(push.pushed_events, 'event')} since the start, {waitingText(push.lag)}
              {push.refused_events > 0 &&
                `; the fleet refused ${amount(push.refused_events, 'event')}`}
            </dd>
            <dt>Last push</dt>
            <dd>{push.last_push === null ? 'none yet' : <Time at={push.last_push} />}</dd>
          </>
        )}
        {pull !== null && (
          <>
            <dt>Takes</dt>
            <dd>
              {amount(pull.pulled_events, 'event')} of other nodes since the start,{' '}
              {waitingText(pull.behind)}
            </dd>
            <dt>Decisions</dt>
            <dd>
              {counted(pull.taken_decisions)} of other hubs taken, {counted(pull.waiting_decisions)}{' '}
              of this hub wait for the fleet
            </dd>
          </>
        )}
        {publish !== null && (
          <>
            <dt>Publishes</dt>
            <dd class="text">{publishText(publish)}</dd>
          </>
        )}
        {follow !== null && (
          <>
            <dt>Follows</dt>
            <dd>
              {amount(follow.listings, 'listing')} of the hubs
              {follow.left_out > 0 && `, ${counted(follow.left_out)} left out`}
            </dd>
            <dt>Last current</dt>
            <dd>{follow.last_current === null ? 'not yet' : <Time at={follow.last_current} />}</dd>
          </>
        )}
        <dt>Failures</dt>
        <dd>
          {counted((push?.failures ?? 0) + (pull?.failures ?? 0) + (follow?.failures ?? 0))} since
          the start
        </dd>
      </dl>
    </Panel>
  );
}

function waitingText(count: number): string {
  return count === 0 ? 'none waits' : `${counted(count)} wait`;
}

function publishText({
  leading,
  leader,
  whole,
  said_listings: said,
}: NonNullable<Fleet['publish']>): string {
  if (!leading) {
    return leader === null
      ? 'not known yet which hub says what is listed'
      : `nothing: ${leader} says what is listed, and this hub does if that one dies`;
  }
  const compared = whole ? '' : '; still comparing what the fleet has with it';
  return `this hub says what is listed, ${counted(said)} so far${compared}`;
}

/** @param isOld Whether the database may be unreachable, so that this is the last known state. */
function Overview({
  overview,
  isOld,
}: {
  readonly overview: FleetOverview;
  readonly isOld: boolean;
}) {
  const { as_of: asOf, nodes, more_nodes: more, events, listed, watched } = overview;
  const drawn = useGradually(nodes.map((node, id) => ({ node, id })));
  return (
    <>
      <Panel title="All of the fleet">
        <dl class="facts">
          <dt>Listed</dt>
          <dd>{counted(listed)}</dd>
          <dt>Watched</dt>
          <dd>{counted(watched)}</dd>
          <dt>Events</dt>
          <dd>{counted(events)}</dd>
          <dt>Nodes</dt>
          <dd>{counted(nodes.length + more)}</dd>
        </dl>
      </Panel>
      <Panel
        title="Nodes"
        side={
          <span class={isOld ? 'refused' : 'muted'}>
            {isOld ? 'last seen ' : 'as of '}
            <Time at={asOf} />
          </span>
        }
      >
        <Table
          label="Nodes"
          heads={['Node', 'Role', 'State', 'Waiting', 'Last sign of life', 'Events', 'Version']}
        >
          {drawn.map(({ node }) => (
            <NodeRow key={node.node} node={node} asOf={asOf} isOld={isOld} />
          ))}
        </Table>
        {more > 0 && <p class="left-out muted">{amount(more, 'further node')}.</p>}
      </Panel>
    </>
  );
}

function NodeRow({
  node,
  asOf,
  isOld,
}: {
  readonly node: FleetNode;
  readonly asOf: string;
  readonly isOld: boolean;
}) {
  const { word, isBad } = nodeStanding(node);
  return (
    <tr>
      <td data-name="Node" class="text">
        {node.node}
      </td>
      <td data-name="Role">{node.role === 'left' ? '' : node.role}</td>
      <td data-name="State" class={isBad ? 'refused' : ''}>
        {word}
      </td>
      <td data-name="Waiting">{counted(node.waiting)}</td>
      <td data-name="Last sign of life">
        <LastSeen node={node} asOf={asOf} isOld={isOld} />
      </td>
      <td data-name="Events">{counted(node.events)}</td>
      <td data-name="Version" class="text">
        {node.version}
      </td>
    </tr>
  );
}

/** How long ago by the database's clock, with UTC as a tooltip; only the time, if nothing newer is known. */
function LastSeen({
  node: { connected, last_seen: at },
  asOf,
  isOld,
}: {
  readonly node: FleetNode;
  readonly asOf: string;
  readonly isOld: boolean;
}) {
  if (at === null) return <span class="muted">{connected ? 'connected' : 'none'}</span>;
  if (isOld) return <Time at={at} />;
  return (
    <>
      <time dateTime={at} title={utcTime(at)}>
        {span(Date.parse(at), Date.parse(asOf))} ago
      </time>
      {connected && <span class="muted"> connected</span>}
    </>
  );
}
