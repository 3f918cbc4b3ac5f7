// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import { goLive } from './state/live.ts';
import { route } from './state/route.ts';
import { TopBar } from './views/top-bar.tsx';
import { AddressView } from './views/address-view.tsx';
import { EventView } from './views/event-view.tsx';
import { ListingsView } from './views/listings-view.tsx';
import { LiveView } from './views/live-view.tsx';
import { NumberView } from './views/number-view.tsx';
import { SearchView } from './views/search-view.tsx';

function App() {
  useEffect(goLive, []);
  return (
    <>
      <a class="skip" href="#main" onClick={skipToMain}>
        Skip to the content
      </a>
      <TopBar />
      <main id="main" tabIndex={-1}>
        <View />
      </main>
    </>
  );
}

/** A link with a `#` of its own would change the view. */
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
    default:
      return unreachable(view);
  }
}

function unreachable(view: never): never {
  throw new Error(`no such view: ${String(view)}`);
}

const place = document.getElementById('app');
if (place !== null) render(<App />, place);
