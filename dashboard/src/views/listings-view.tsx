// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { useState } from 'preact/hooks';
import type { Listing } from '../api-types.ts';
import { pathOf } from '../ask/ask.ts';
import { useAnswer } from '../ask/use-answer.ts';
import { isNever } from '../text/time.ts';
import { decided } from '../state/decisions.ts';
import { changes } from '../state/live.ts';
import { ListedLink } from './changes.tsx';
import { AllDecisions } from './decide.tsx';
import { Grade, Level, Panel, Time, Trouble } from './pieces.tsx';

const KINDS = [
  ['', 'All'],
  ['address', 'Addresses'],
  ['number', 'Numbers'],
  ['range', 'Ranges'],
] as const;

interface Page {
  readonly items: readonly Listing[];
  readonly next: string | null;
}

/** Everything that is listed or watched, and why. */
export function ListingsView() {
  const [kind, setKind] = useState('');
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const path = pathOf('/v1/listings', { kind, level: 'watch', limit: 100, cursor: cursors.at(-1) });
  const answer = useAnswer<Page>(path, 0, `${changes.value[0]?.id} ${decided.value}`);
  return (
    <>
      <h1>Listed and watched</h1>
      <p class="lead">
        What is <strong>listed</strong> is refused by whatever follows this node: firewalls,
        routers, PBXs. What is <strong>watched</strong> is let through and told of. The page of each
        says why, and how to let it go.
      </p>
      <div class="choices" role="group" aria-label="Kinds">
        {KINDS.map(([value, word]) => (
          <button
            key={value}
            type="button"
            aria-pressed={kind === value}
            onClick={() => {
              setKind(value);
              setCursors([]);
            }}
          >
            {word}
          </button>
        ))}
      </div>
      <Panel title="Entries">
        {answer === undefined ? (
          <p class="empty">Reading…</p>
        ) : answer.ok ? (
          <ListingTable items={answer.value.items} />
        ) : (
          <Trouble answer={answer} />
        )}
      </Panel>
      <div class="choices">
        {cursors.length > 0 && (
          <button type="button" onClick={() => setCursors(cursors.slice(0, -1))}>
            Earlier entries
          </button>
        )}
        {answer?.ok === true && answer.value.next !== null && (
          <button type="button" onClick={() => setCursors([...cursors, answer.value.next ?? ''])}>
            Later entries
          </button>
        )}
      </div>
      <AllDecisions />
    </>
  );
}

function ListingTable({ items }: { readonly items: readonly Listing[] }) {
  if (items.length === 0) return <p class="empty">Nothing of this kind is listed.</p>;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Entries">
      <table>
        <thead>
          <tr>
            <th scope="col">Entry</th>
            <th scope="col">Level</th>
            <th scope="col" class="count">
              Score
            </th>
            <th scope="col">Proof</th>
            <th scope="col">Why</th>
            <th scope="col">Until</th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={`${item.kind} ${item.value}`}>
              <td data-name="Entry" class="nowrap">
                <ListedLink kind={item.kind} value={item.value} grouped={item.grouped} />
              </td>
              <td data-name="Level">
                <Level level={item.level} />
              </td>
              <td data-name="Score" class="count">
                {item.score}
              </td>
              <td data-name="Proof">{item.seen_count > 0 && <Grade grade={item.grade} />}</td>
              <td data-name="Why" class="text">
                {item.reasons.join('; ')}
              </td>
              <td data-name="Until" class="nowrap">
                {isNever(item.until) ? 'always' : <Time at={item.until} />}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
