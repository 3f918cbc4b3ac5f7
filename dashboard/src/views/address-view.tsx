// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Address, Event, Explanation } from '../api-types.ts';
import { addressPaths } from '../ask/paths.ts';
import { useAnswer } from '../ask/use-answer.ts';
import { REFRESH_MS } from '../limits.ts';
import { countryName } from '../text/country.ts';
import { amount, counted } from '../text/number.ts';
import { Decide, mayDelist } from './decide.tsx';
import { FilterLink, Grade, Panel, Time, Trouble } from './pieces.tsx';
import { Timeline } from './timeline.tsx';
import { Verdict } from './verdict.tsx';

/** Everything about one address. */
export function AddressView({ address }: { readonly address: string }) {
  const paths = addressPaths(address);
  const why = useAnswer<Explanation>(paths.why, REFRESH_MS);
  const found = useAnswer<Address>(paths.found, REFRESH_MS);
  const events = useAnswer<{ readonly items: readonly Event[]; readonly next: string | null }>(
    paths.events,
    REFRESH_MS,
  );
  return (
    <>
      <h1>{address}</h1>
      <div class="pair">
        {found?.ok === true && <Facts found={found.value} />}
        {why?.ok === true && <Verdict explanation={why.value} explained={why.value.address} />}
      </div>
      {why?.ok === true && (
        <Decide value={address} entry={address} isListed={mayDelist(why.value.address)} />
      )}
      {found?.ok === false &&
        (found.status === 404 ? (
          <p class="lead">Nothing came from this address.</p>
        ) : (
          <Trouble answer={found} />
        ))}
      {events?.ok === true && events.value.items.length > 0 && (
        <Timeline events={events.value.items} isAll={events.value.next === null} />
      )}
    </>
  );
}

function Facts({ found }: { readonly found: Address }) {
  const { country, network, network_name: name, seen_count: count, shared_count: shared } = found;
  return (
    <Panel title="Known of it">
      <dl class="facts">
        <dt>Messages</dt>
        <dd>
          {counted(count)}
          {shared > 0 && (
            <span class="muted">, and {amount(shared, 'event')} that other nodes share</span>
          )}
        </dd>
        <dt>First and last</dt>
        <dd>
          <Time at={found.first_seen} /> to <Time at={found.last_seen} />
        </dd>
        <dt>Proof</dt>
        <dd>
          <Grade grade={found.grade} />
        </dd>
        <dt>Where</dt>
        <dd>
          {country !== null && (
            <>
              <FilterLink name="country" value={country}>
                {countryName(country)}
              </FilterLink>
              {', '}
            </>
          )}
          <FilterLink name="network" value={network} /> {name}
        </dd>
      </dl>
    </Panel>
  );
}
