// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { effect } from '@preact/signals';
import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import { connection, goLive } from './state/live.ts';
import { route } from './state/route.ts';
import { access, knowSession, session, sessionTrouble } from './state/session.ts';
import { TopBar } from './views/top-bar.tsx';
import { AddressView } from './views/address-view.tsx';
import { EnforcementView } from './views/enforcement-view.tsx';
import { EventView } from './views/event-view.tsx';
import { FleetView } from './views/fleet-view.tsx';
import { ListingsView } from './views/listings-view.tsx';
import { LiveView } from './views/live-view.tsx';
import { NumberView } from './views/number-view.tsx';
import { Trouble } from './views/pieces.tsx';
import { PoolPage } from './views/pool-view.tsx';
import { SearchView } from './views/search-view.tsx';
import { TrendsView } from './views/trends-view.tsx';
import { SignInView } from './views/sign-in-view.tsx';

function App() {
  useEffect(() => {
    void knowSession();
    // A node that was away may have been restarted, which ends all sessions.
    return effect(() => {
      if (connection.value === 'live') void knowSession();
    });
  }, []);
  return (
    <>
      <a class="skip" href="#main" onClick={skipToMain}>
        Skip to the content
      </a>
      <TopBar />
      <main id="main" tabIndex={-1}>
        <Content />
      </main>
    </>
  );
}

/** The view, for those who may see it. */
function Content() {
  switch (access.value) {
    case 'asking':
      return <p class="empty">Reading…</p>;
    case 'trouble':
      return sessionTrouble.value && <Trouble answer={sessionTrouble.value} />;
    case 'needs-key':
      return <SignInView />;
    case 'reading':
      // Another user's streams start over.
      return <Reading key={session.value?.token ?? ''} />;
    default:
      return unreachable(access.value);
  }
}

function Reading() {
  useEffect(goLive, []);
  return <View />;
}

/** A link with a `#` fragment would change the view. */
function skipToMain(event: MouseEvent): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

function View() {
  const { view, subject } = route.value;
  switch (view) {
    case 'live':
      return <LiveView />;
    case 'address':
      return <AddressView key={subject} address={subject} />;
    case 'number':
      return <NumberView key={subject} dialled={subject} />;
    case 'event':
      return <EventView key={subject} uuid={subject} />;
    case 'search':
      return <SearchView key={subject} words={subject} />;
    case 'listings':
      return <ListingsView />;
    case 'trends':
      return <TrendsView subject={subject} />;
    case 'enforcement':
      return <EnforcementView />;
    case 'nodes':
      return <PoolPage />;
    case 'fleet':
      return <FleetView />;
    case 'sign-in':
      return <SignInView />;
    default:
      return unreachable(view);
  }
}

function unreachable(value: never): never {
  throw new Error(`no such case: ${String(value)}`);
}

const place = document.getElementById('app');
if (place !== null) render(<App />, place);
