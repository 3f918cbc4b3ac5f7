// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { useRef, useState } from 'preact/hooks';
import { KEY_CHARACTERS_MAX } from '../limits.ts';
import { formatRoute, linkTo } from '../state/route-text.ts';
import { route } from '../state/route.ts';
import { access, session, signIn } from '../state/session.ts';
import { Panel } from './pieces.tsx';

/** A link for signing in, which returns here. */
export function SignInLink() {
  const here = route.value.view === 'sign-in' ? '' : formatRoute(route.value);
  return <a href={linkTo('sign-in', here)}>Sign in</a>;
}

/** Takes a key. */
export function SignInView() {
  const box = useRef<HTMLInputElement>(null);
  const [why, setWhy] = useState<string>();
  const [isAsking, setIsAsking] = useState(false);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const key = box.current?.value.trim() ?? '';
    if (key === '' || isAsking) return;
    setIsAsking(true);
    const refused = await signIn(key);
    setIsAsking(false);
    setWhy(refused);
    if (refused !== undefined) {
      box.current?.select();
      return;
    }
    // Only what is after the `#`, so that no link leads away from this page.
    if (route.value.view === 'sign-in') location.hash = route.value.subject || linkTo('live');
  };
  if (session.value !== undefined) return <p class="lead">You have signed in.</p>;
  return (
    <div class="sign-in">
      <h1>Sign in</h1>
      <Panel title="With a key of this node">
        <form class="form" onSubmit={(event) => void submit(event)}>
          {/* For password managers, which want a name to the key. */}
          <input
            class="hidden"
            type="text"
            autocomplete="username"
            value="SentryPeer"
            readOnly
            tabIndex={-1}
            aria-hidden="true"
          />
          <label for="key">Key</label>
          <input
            id="key"
            ref={box}
            type="password"
            autocomplete="current-password"
            required
            maxLength={KEY_CHARACTERS_MAX}
            spellcheck={false}
            {...(why !== undefined && { 'aria-invalid': true, 'aria-describedby': 'why' })}
          />
          <button type="submit" disabled={isAsking}>
            Sign in
          </button>
          <p id="why" class="refused" role="alert">
            {why}
          </p>
        </form>
      </Panel>
      <p class="lead">
        Make one on the node: <code>sentrypeer keys add NAME admin</code>. With the role{' '}
        <strong>read</strong> it shows{' '}
        {access.value === 'needs-key' ? 'everything' : 'raw messages too'}; with the role{' '}
        <strong>admin</strong> it may also decide what is listed, and whom to trust.
      </p>
    </div>
  );
}
