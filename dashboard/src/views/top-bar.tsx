// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { useRef } from 'preact/hooks';
import { askAhead } from '../ask/ahead.ts';
import { pathsOf } from '../ask/paths.ts';
import { connection, type Connection } from '../state/live.ts';
import { linkTo, type View } from '../state/route-text.ts';
import { goTo, route } from '../state/route.ts';
import { access, session, signOut } from '../state/session.ts';
import { searchRoute } from '../state/search.ts';
import { SignInLink } from './sign-in-view.tsx';

const PLACES: readonly (readonly [View, string])[] = [
  ['live', 'Live'],
  ['trends', 'Over time'],
  ['listings', 'Listed'],
  ['enforcement', 'Enforcement'],
  ['nodes', 'Nodes'],
  ['fleet', 'Fleet'],
];

const CONNECTION_WORDS: Readonly<Record<Connection, string>> = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'Connection lost, trying again',
};

export function TopBar() {
  const { view } = route.value;
  const isReading = access.value === 'reading';
  return (
    <header class="top-bar">
      <a class="name" href={linkTo('live')}>
        SentryPeer
      </a>
      {isReading && (
        <>
          <nav aria-label="Views">
            {PLACES.map(([place, word]) => (
              <a
                key={place}
                href={linkTo(place)}
                {...(view === place && { 'aria-current': 'page' })}
              >
                {word}
              </a>
            ))}
          </nav>
          <SearchBox />
          <p class={`connection ${connection.value}`} role="status">
            {CONNECTION_WORDS[connection.value]}
          </p>
          <Who />
        </>
      )}
    </header>
  );
}

/** The signed-in user, and the link to sign in or out. */
function Who() {
  const known = session.value;
  if (known !== undefined) {
    return (
      <p class="who">
        <span class="muted">
          {known.name} ({known.role})
        </span>
        <button type="button" onClick={() => void signOut()}>
          Sign out
        </button>
      </p>
    );
  }
  return (
    <p class="who">
      <SignInLink />
    </p>
  );
}

function SearchBox() {
  const box = useRef<HTMLInputElement>(null);
  const search = (event: SubmitEvent): void => {
    event.preventDefault();
    const found = searchRoute(box.current?.value ?? '');
    if (found === undefined || box.current === null) return;
    box.current.value = '';
    if (access.value === 'reading') askAhead(pathsOf(found));
    goTo(found);
  };
  return (
    <form class="search" role="search" onSubmit={search}>
      <input
        ref={box}
        type="search"
        aria-label="Search an address, a prefix, a number in any form, or a tool"
        placeholder="Address, prefix, number or tool"
        maxLength={256}
        autocomplete="off"
        spellcheck={false}
      />
    </form>
  );
}
