// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { UserAgent } from '../api-types.ts';
import { useAnswer } from '../ask/use-answer.ts';
import { counted } from '../text/number.ts';
import { FilterLink, Panel, Time, Trouble } from './pieces.tsx';

/** Tools whose names contain some words. */
export function SearchView({ words }: { readonly words: string }) {
  const answer = useAnswer<{ readonly items: readonly UserAgent[] }>('/v1/user-agents?limit=1000');
  if (answer === undefined) return <p class="empty">Searching…</p>;
  if (!answer.ok) return <Trouble answer={answer} />;
  const wanted = words.toLowerCase();
  const found = answer.value.items.filter((item) => item.user_agent.toLowerCase().includes(wanted));
  return (
    <>
      <h1>Tools with “{words}”</h1>
      <Panel title="Of the 1,000 that were seen last">
        {found.length === 0 ? (
          <p class="empty">
            None. The box takes an address, a prefix such as 203.0.113.0/24, a number in any form, a
            country such as NL, or words of a tool’s name.
          </p>
        ) : (
          <table>
            <thead>
              <tr>
                <th scope="col">Tool</th>
                <th scope="col" class="count">
                  Messages
                </th>
                <th scope="col">Seen last</th>
              </tr>
            </thead>
            <tbody>
              {found.map((item) => (
                <tr key={item.user_agent}>
                  <td data-name="Tool" class="text">
                    <FilterLink name="user_agent" value={item.user_agent} />
                  </td>
                  <td data-name="Messages" class="count">
                    {counted(item.seen_count)}
                  </td>
                  <td data-name="Seen last">
                    <Time at={item.last_seen} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Panel>
    </>
  );
}
