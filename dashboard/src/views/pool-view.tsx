// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { useState } from 'preact/hooks';
import type { Pool, PoolNode } from '../api-types.ts';
import { useAnswer } from '../ask/use-answer.ts';
import { REFRESH_MS } from '../limits.ts';
import { change, isAdmin } from '../state/session.ts';
import { amount, counted } from '../text/number.ts';
import { Country, Panel, Time, Trouble } from './pieces.tsx';
import { SignInLink } from './sign-in-view.tsx';
import { Table } from './table.tsx';

type Word = 'trust' | 'distrust' | 'forget';

const STANDINGS: Readonly<Record<PoolNode['standing'], readonly [word: string, meaning: string]>> =
  {
    voter: ['voter', 'You gave it a vote: what a quorum of voters says takes effect.'],
    known: ['known', 'It was right before: it is heard first in a flood, but has no vote.'],
    stranger: ['stranger', 'What it says is shown and counted, but has no effect.'],
    distrusted: ['distrusted', 'What only it said does not count, and nothing more is accepted.'],
    out: [
      'network distrusted',
      'It was met only in networks that you distrust, so it does not count.',
    ],
    retired: ['retired', 'Its operator retired its key for good.'],
    liar: ['liar', 'Two of its pages contradict each other, so nothing from it is believed.'],
  };

/** Other nodes: who and where they are, how often they were right, and whether their votes count. */
export function PoolPage() {
  const [turn, setTurn] = useState(0);
  const [why, setWhy] = useState('');
  const answer = useAnswer<Pool>('/v1/pool', REFRESH_MS, turn);
  if (answer?.ok === false) return <Trouble answer={answer} />;
  const pool = answer?.value;
  const judge = async (node: PoolNode, word: Word): Promise<void> => {
    const done = await change('POST', `/v1/peers/${encodeURIComponent(node.node_id)}/${word}`);
    setWhy(done.ok ? '' : done.why);
    setTurn(turn + 1);
  };
  const linkedCount = pool?.items.filter(({ link }) => link !== null).length ?? 0;
  return (
    <>
      <h1>Other nodes</h1>
      {pool !== undefined && <Own pool={pool} linkedCount={linkedCount} />}
      <Panel title="Nodes" side={<span role="status">{why}</span>}>
        {pool === undefined ? (
          <p class="empty">Reading…</p>
        ) : pool.items.length === 0 ? (
          <p class="empty">
            {pool.sharing
              ? 'No other node yet. Nodes find each other within minutes; --pool-peer HOST names one to link with.'
              : 'No other node shared anything.'}
          </p>
        ) : (
          <Nodes pool={pool} judge={(node, word) => void judge(node, word)} />
        )}
      </Panel>
    </>
  );
}

/** How this node takes part, or how to start. */
function Own({ pool, linkedCount }: { readonly pool: Pool; readonly linkedCount: number }) {
  return (
    <Panel title="This node">
      {pool.sharing ? (
        <dl class="facts">
          <dt>Id</dt>
          <dd class="value">{pool.node_id}</dd>
          <dt>Key</dt>
          <dd>
            <span class="value">{pool.key}</span>{' '}
            <span class="muted">friends trust it by this: sentrypeer peers trust KEY NAME</span>
          </dd>
          <dt>Links</dt>
          <dd>{linkedCount === 0 ? 'none now' : counted(linkedCount)}</dd>
          <dt>Voters</dt>
          <dd>{votersText(pool)}</dd>
          {pool.key_state !== 'alive' && (
            <>
              <dt>Not heard</dt>
              <dd>
                {pool.key_state === 'retired'
                  ? 'Its key was retired.'
                  : 'Another daemon uses its key, for example on a copy of this machine.'}{' '}
                Other nodes accept nothing from it. To continue as a new node, stop it and move its
                identity file away.
              </dd>
            </>
          )}
          {pool.ahead_until !== null && (
            <>
              <dt>Not heard</dt>
              <dd>
                until <Time at={pool.ahead_until} />: the clock of this node was ahead when it wrote
                pages, or is behind now. It writes them again at most a day after its clock is
                right.
              </dd>
            </>
          )}
          <dt>What all say</dt>
          <dd>
            {amount(pool.claims, 'claim')} in {amount(pool.pages, 'page')} of{' '}
            {amount(pool.authors, 'node')}
          </dd>
        </dl>
      ) : (
        <div class="empty">
          <p>This node shares nothing, and gets nothing. To begin:</p>
          <ul>
            <li>
              <code>sentrypeer -p</code> joins the public pool; open port 4222, UDP and TCP.
            </li>
            <li>
              A pool of your own: <code>sentrypeer pool init pool.key</code> on one node, copy the
              file to the others, and start each with <code>-p --pool-key pool.key</code>.
            </li>
            <li>
              Then give a vote to friends: <code>sentrypeer peers trust KEY NAME</code>. Strangers
              act on nothing.
            </li>
          </ul>
        </div>
      )}
    </Panel>
  );
}

function votersText({ voters, unproved_voters: unproved }: Pool): string {
  if (voters === 0) return 'none: what others say is shown, and acts on nothing';
  if (voters === 1) return '1, and it takes two at least to act';
  return unproved === 0
    ? counted(voters)
    : `${counted(voters)}, of whom ${counted(unproved)} cannot count: no link proved where they are`;
}

function Nodes({
  pool,
  judge,
}: {
  readonly pool: Pool;
  readonly judge: (node: PoolNode, word: Word) => void;
}) {
  return (
    <>
      <Table
        label="Nodes"
        heads={['Node', 'Standing', 'Link', 'Where', 'Told', 'Foretold', 'Since', 'Last', '']}
      >
        {pool.items.map((node) => (
          <tr key={node.node_id}>
            <td data-name="Node" class="text">
              {node.name} <span class="value">{node.node_id}</span>
              {node.key !== null && <span class="value muted"> {node.key}</span>}
            </td>
            <td data-name="Standing" class={isRefused(node) ? 'refused' : ''}>
              <span title={STANDINGS[node.standing][1]}>{STANDINGS[node.standing][0]}</span>
            </td>
            <td data-name="Link">
              {node.link === null ? (
                <span class="muted">none: told by others</span>
              ) : (
                <>
                  {node.link.outward ? 'to' : 'from'} {node.link.address} since{' '}
                  <Time at={node.link.since} />
                </>
              )}
            </td>
            <td data-name="Where">
              {node.network} <Country code={node.country} />
            </td>
            <td data-name="Told">
              {amount(node.claims, 'claim')}
              {node.events > 0 && `, ${amount(node.events, 'event')}`}
            </td>
            <td data-name="Foretold">{counted(node.foretold)}</td>
            <td data-name="Since">{node.first_seen !== null && <Time at={node.first_seen} />}</td>
            <td data-name="Last">{node.last_seen !== null && <Time at={node.last_seen} />}</td>
            <td data-name="Your decision">
              {isAdmin.value &&
                wordsFor(node).map((word) => (
                  <button
                    key={word}
                    type="button"
                    aria-label={`${word} ${node.node_id}`}
                    onClick={() => judge(node, word)}
                  >
                    {word}
                  </button>
                ))}
            </td>
          </tr>
        ))}
      </Table>
      <p class="muted">
        Foretold: addresses that it was the first to name and that came here after that. Compare
        keys with their operators by another way than the network before you trust them.{' '}
        {!isAdmin.value && (
          <>
            To trust or distrust, use a key of the role admin. <SignInLink />
          </>
        )}
      </p>
    </>
  );
}

function isRefused({ standing }: PoolNode): boolean {
  return standing === 'liar' || standing === 'distrusted' || standing === 'out';
}

function wordsFor({ trust }: PoolNode): readonly Word[] {
  return trust === 'none' ? ['trust', 'distrust'] : ['forget'];
}
